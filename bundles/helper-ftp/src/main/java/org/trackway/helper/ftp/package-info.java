// SPDX-License-Identifier: Apache-2.0
/** The FTP helper: one service, {@link org.trackway.helper.ftp.FtpHelper}. */
package org.trackway.helper.ftp;

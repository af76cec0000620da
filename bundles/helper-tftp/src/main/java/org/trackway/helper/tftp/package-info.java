// SPDX-License-Identifier: Apache-2.0
/** The TFTP helper: one service, {@link org.trackway.helper.tftp.TftpHelper}. */
package org.trackway.helper.tftp;

// SPDX-License-Identifier: Apache-2.0
/** A simulated network card: takes over connections as hardware would, and does wrong on demand. */
package org.trackway.provider.dummy;

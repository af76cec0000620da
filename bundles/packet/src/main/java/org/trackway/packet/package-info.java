// SPDX-License-Identifier: Apache-2.0
/**
 * Packets, batches of them, the ports they come from and go to, and the byte-level tools to read and repair them.
 *
 * <p>Everything here is made for one thread at a time: a batch and its packets belong to the thread that received them
 * until they are sent. Offsets and lengths are in bytes, numbers on the wire are big-endian, ports and protocol numbers
 * are given as non-negative {@code int}s, times in nanoseconds.
 */
@Export
@Version("1.0.0")
package org.trackway.packet;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

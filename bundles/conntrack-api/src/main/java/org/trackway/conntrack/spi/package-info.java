// SPDX-License-Identifier: Apache-2.0
/**
 * For those who extend the tracker: helpers for protocols that announce connections, observers of connections, and
 * storage of one's own on every connection. Interfaces here are implemented by guests; the tracker calls them, contains
 * what they throw, and forgets them when they go.
 */
@Export
@Version("1.0.0")
package org.trackway.conntrack.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

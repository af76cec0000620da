// SPDX-License-Identifier: Apache-2.0
/**
 * Connection tracking for applications: the {@link org.trackway.conntrack.Conntrack} service, what it is told
 * ({@link org.trackway.conntrack.CtAction}) and what it tells ({@link org.trackway.conntrack.Connection},
 * {@link org.trackway.conntrack.CtState}). Values are immutable. Those who extend the tracker find their side in
 * {@code org.trackway.conntrack.spi}.
 */
@Export
@Version("1.0.0")
package org.trackway.conntrack;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

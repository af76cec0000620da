// SPDX-License-Identifier: Apache-2.0
/**
 * What connection offload speaks of: the {@link org.trackway.offload.Path} that the packets of one direction of a
 * connection take through a datapath. Values are immutable.
 */
@Export
@Version("1.0.0")
package org.trackway.offload;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

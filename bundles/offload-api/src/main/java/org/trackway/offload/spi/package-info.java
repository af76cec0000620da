// SPDX-License-Identifier: Apache-2.0
/**
 * For authors of offload providers: a vendor implements {@link org.trackway.offload.spi.OffloadProvider}, publishes it
 * as a service and is called by the offload manager, on one thread of its own. README.md of this bundle is the guide.
 */
@Export
@Version("1.0.0")
package org.trackway.offload.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

// SPDX-License-Identifier: Apache-2.0
/**
 * Connection offload for operators and packet paths: the {@link org.trackway.offload.Offload} manager, and the
 * {@link org.trackway.offload.Paths} that packets take. Authors of providers find their side in the package
 * {@code spi}.
 */
@Export
@Version("1.0.0")
package org.trackway.offload;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

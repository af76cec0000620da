// SPDX-License-Identifier: Apache-2.0
/**
 * Ports, the flow table and the loop that carries packets from one through the other and out again, for applications.
 *
 * <p>The container's own {@link org.trackway.datapath.Datapath} is a service named {@code live}; a
 * {@link org.trackway.datapath.DatapathFactory} makes more of them, each with its own tracker, flow table and clock,
 * and a {@link org.trackway.datapath.Replayer} runs captures through them. Flows are written in the language of
 * {@code ovs-ofctl add-flow}; what is not understood is refused with a {@link org.trackway.datapath.FlowException}.
 * Values are immutable.
 */
@Export
@Version("1.0.0")
package org.trackway.datapath;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The live datapath's settings as ConfigAdmin has them, PID {@code org.trackway.datapath}. */
@ObjectClassDefinition(name = "Trackway datapath",
    description = "Settings of the container's own datapath. Changes act at once.")
@interface DatapathConfiguration {

    @AttributeDefinition(name = "Saved flows", description = "file of the flows that the datapath starts with and that "
        + "the shell saves to, relative to Karaf's folder; empty: none are read or saved")
    String flows() default "etc/trackway.flows";
}

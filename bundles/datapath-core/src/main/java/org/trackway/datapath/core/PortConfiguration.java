// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A port of the live datapath as ConfigAdmin has it, factory PID {@code org.trackway.datapath.port}. */
@ObjectClassDefinition(name = "Trackway port",
    description = "A port of the container's own datapath. Settings of its kind are properties option.KEY=VALUE.")
@interface PortConfiguration {

    @AttributeDefinition(name = "Name", description = "what flows call it: letters, digits, '_', '.' and '-'")
    String name() default "";

    @AttributeDefinition(name = "Kind", description = "what kind of port it is, for example pcap")
    String kind() default "";

    @AttributeDefinition(name = "Number", description = "the number that flows may use, 1 to 65279 or LOCAL; empty: "
        + "the lowest free one")
    String number() default "";
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The provider's settings as ConfigAdmin has them, PID {@code org.trackway.provider.xdp}. */
@ObjectClassDefinition(name = "Trackway XDP provider",
    description = "Forwards established connections in the XDP layer of Linux interfaces. Changes act at once.")
@interface XdpConfiguration {

    @AttributeDefinition(name = "Name", description = "what the provider is called")
    String name() default "xdp";

    @AttributeDefinition(name = "Priority", description = "a higher one is offered connections first")
    int priority() default 100;

    @AttributeDefinition(name = "Capacity", description = "paths that it can hold, 1 to 16777216; a connection"
        + " needs one for each direction")
    int capacity() default 131_072;

    @AttributeDefinition(name = "Attach", description = "auto; native, in the driver; generic, in the stack")
    String attach() default "auto";

    @AttributeDefinition(name = "Interfaces", description = "names of the interfaces that it serves, with *, ?"
        + " and {a,b}")
    String interfaces() default "*";
}

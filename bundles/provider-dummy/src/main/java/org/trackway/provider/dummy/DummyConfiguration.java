// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A simulated card as ConfigAdmin has it, factory PID {@code org.trackway.provider.dummy}. */
@ObjectClassDefinition(name = "Trackway simulated offload provider",
    description = "A network card in software that takes over connections. Changes act at once; name and mode make "
        + "another card of it.")
@interface DummyConfiguration {

    @AttributeDefinition(name = "Name", description = "letters, digits, '_', '.' and '-'; empty: what follows "
        + "org.trackway.provider.dummy- in the configuration's name, or dummy")
    String name() default "";

    @AttributeDefinition(name = "Mode", description = "forwards: packets pass on the card, beside flow table and "
        + "tracker; tracks: it keeps the state of connections alone")
    String mode() default "forwards";

    @AttributeDefinition(name = "Priority", description = "a higher one is offered connections first")
    int priority() default 0;

    @AttributeDefinition(name = "Ports", description = "names of the ports it serves, separated by commas; * stands "
        + "for any characters")
    String ports() default "*";

    @AttributeDefinition(name = "Capacity", description = "connections, and as many paths, that it holds, 1 to 1000000")
    int capacity() default 65_536;

    @AttributeDefinition(name = "One-way", description = "whether it forwards connections that nobody has answered yet")
    boolean oneWay() default false;

    @AttributeDefinition(name = "Protocols", description = "names or numbers, separated by commas; in mode forwards it "
        + "can do no others than the default ones")
    String protocols() default "icmp, tcp, udp, icmpv6";

    @AttributeDefinition(name = "IPv6", description = "whether it takes IPv6")
    boolean v6() default true;

    @AttributeDefinition(name = "NAT", description = "whether it translates")
    boolean nat() default true;

    @AttributeDefinition(name = "Batch size", description = "operations it likes to get at once, 1 to 4096")
    int batchSize() default 64;

    @AttributeDefinition(name = "Latency", description = "microseconds that each operation takes, 0 to 60000000")
    int latencyUs() default 0;

    @AttributeDefinition(name = "Pending", description = "milliseconds after which it says what became of add, "
        + "established and forward, 0 to 60000; 0: it says so at once")
    int pendingMs() default 0;

    @AttributeDefinition(name = "Failure rate", description = "how many of a thousand operations fail, 0 to 1000")
    int failureRate() default 0;

    @AttributeDefinition(name = "Eviction rate", description = "at how many of a thousand operations it loses the "
        + "oldest entry (forwards: path) and reports that, 0 to 1000")
    int evictionRate() default 0;

    @AttributeDefinition(name = "Throwing", description = "operations that throw: canOffload, add, established, "
        + "update, delete, forward, activity, withdraw, flush, holdings, separated by commas, or all")
    String throwing() default "";

    @AttributeDefinition(name = "Hanging", description = "operations that do not return while they are named here")
    String hanging() default "";

    @AttributeDefinition(name = "Forget", description = "whether it accepts and then holds nothing")
    boolean forget() default false;

    @AttributeDefinition(name = "Lie", description = "whether it reports traffic of what it does not hold")
    boolean lie() default false;

    @AttributeDefinition(name = "Backwards", description = "whether every other answer says that nothing has passed")
    boolean backwards() default false;

    @AttributeDefinition(name = "Lost", description = "whether the card is lost, with all it held")
    boolean lost() default false;
}

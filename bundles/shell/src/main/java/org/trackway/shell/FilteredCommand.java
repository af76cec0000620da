// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** A command about some of a tracker's connections: those of a zone, a protocol, an address, a port. */
abstract class FilteredCommand extends TrackerCommand {

    @Option(name = "--zone", description = "Only connections of this zone, 0 to 65535")
    @Completion(Zones.class)
    String zone;

    @Option(name = "--protocol", description = "Only this protocol: a name or a number")
    @Completion(value = StringsCompleter.class, values = {"tcp", "udp", "icmp", "icmpv6", "sctp", "igmp", "dccp",
        "udplite"})
    String protocol;

    @Option(name = "--address",
        description = "Only connections with this address, or one of this network (10.0.0.0/8), "
        + "on either side, before or after translation")
    String address;

    @Option(name = "--port",
        description = "Only connections with this port on either side, before or after translation")
    String port;

    /** {@return what the user asked for, to be narrowed further} */
    final Conditions conditions() {
        return new Conditions(zone).protocol(protocol).address(address).port(port);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Says in one line why a connection is, or is not, in hardware. */
@Service
@Command(scope = "offload", name = "why", description = "Says why a connection is, or is not, in hardware.",
    detailedDescription = """
    One line a connection: where its packets go, what each provider made of it, and for how long. Which one \
    is said by the ID that conntrack:list prints, or by what conntrack:flush takes: zone=N and a tuple; a part \
    of a tuple means every connection that is like it.
    Examples:
      offload:why 8
      offload:why zone=5 'ct_nw_src=10.1.1.1,ct_nw_proto=6'
      offload:why ct_nw_src=10.1.1.1
    """)
public final class OffloadWhyCommand extends OffloadCommand {

    @Argument(name = "connection", description = "ID, or zone=N and a tuple", required = true, multiValued = true)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        final long nowNs = live.now();
        ConnectionChoice.forEach(live, Operands.of(this, words), connection -> console.println(
            Long.toUnsignedString(connection.id()) + "  " + Endpoints.line(connection.original())
                + (connection.zone() == 0 ? "" : "  zone " + connection.zone()) + "  "
                + new StoryText(offload.story(connection.id()), nowNs).line()));
    }
}

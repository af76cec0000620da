// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** Prints how many connections there are. */
@Service
@Command(scope = "conntrack", name = "count", description = "Prints how many connections are held.",
    detailedDescription = """
    A bare number, as ovs-appctl dpctl/ct-get-nconns prints it: expired connections that were not swept yet are \
    in it. conntrack:list --count counts the live ones.
    Examples:
      conntrack:count
      conntrack:count --tracker replay
    """)
public final class CountCommand extends TrackerCommand {

    @Override
    void run(final Console console) {
        console.println(Integer.toString(tracker().count()));
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Collection;
import java.util.TreeSet;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath.Missing;

/**
 * What flows may name of a tracker, checked when they are added.
 *
 * @param conntrack the tracker
 * @param missing   whether a name may be unknown
 */
record Named(Conntrack conntrack, Missing missing) {

    void helper(final Token name) {
        check(name, "helper", conntrack.helpers());
    }

    void policy(final Token name) {
        check(name, "timeout policy", conntrack.settings().timeoutPolicies().keySet());
    }

    private void check(final Token name, final String what, final Collection<String> there) {
        if (missing == Missing.REFUSE && !there.contains(name.text())) {
            throw name.error("there is no such " + what + " now; "
                + (there.isEmpty() ? "there is none at all" : "there are " + String.join(", ", new TreeSet<>(there))));
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.conntrack.spi.ConnectionSlot;

/**
 * Finds and makes the {@link Dossier} of a connection. Any thread reads; dossiers are made under this object's
 * monitor.
 */
final class Dossiers {

    private final ConnectionSlot<Dossier> slot;
    private final Bypass bypass;

    Dossiers(final Conntrack conntrack) {
        bypass = conntrack.bypass();
        slot = conntrack.slot("offload", Dossier.class);
    }

    /** {@return the dossier of a connection, null if it has none or is gone; allocates nothing} */
    Dossier get(final long connectionId) {
        return slot.get(connectionId);
    }

    /** {@return the dossier of a connection, null if that is gone} */
    Dossier obtain(final long connectionId) {
        final Dossier known = slot.get(connectionId);
        return known == null ? make(connectionId) : known;
    }

    private synchronized Dossier make(final long connectionId) {
        final Dossier known = slot.get(connectionId);
        if (known != null) {
            return known;
        }
        final Dossier made = new Dossier(connectionId, bypass);
        return slot.set(connectionId, made) ? made : null;
    }

    /** Releases whatever is held, and forgets everything. */
    void close() {
        bypass.close();
        slot.close();
    }
}

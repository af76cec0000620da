// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

/** What a protocol machine says of a packet on a known connection (lib/conntrack-private.h enum ct_update_res). */
final class Verdict {

    /** The packet is accepted: established. */
    static final int VALID = 0;
    /** The packet is accepted, but the connection is not confirmed yet: new. */
    static final int VALID_NEW = 1;
    /** The packet is refused. */
    static final int INVALID = 2;
    /** The packet opens another connection in the place of this one. */
    static final int NEW = 3;

    private Verdict() {
    }
}

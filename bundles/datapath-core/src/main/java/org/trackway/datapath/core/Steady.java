// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.List;

/**
 * What is the same in every packet of a path: ingress port, Ethernet header, tag, 5-tuple, and what the tracker says of
 * the connection. Where flows go by anything else, one packet of a connection may go another way than the next.
 */
final class Steady {

    private static final long[] MASKS = new long[Key.WORDS];

    static {
        for (final Field field : List.of(Fields.IN_PORT, Fields.ETH_DST, Fields.ETH_SRC, Fields.ETH_TYPE,
                Fields.VLAN_TCI, Fields.NW_SRC, Fields.NW_DST, Fields.IPV6_SRC, Fields.IPV6_DST, Fields.NW_PROTO,
                Fields.TP_SRC, Fields.TP_DST)) {
            add(MASKS, field, Bits.ones(field.bits));
        }
        for (int word = Key.CT; word < Key.HEADERS; word++) {
            MASKS[word] = -1;
        }
    }

    private Steady() {
    }

    private static void add(final long[] masks, final Field field, final Bits mask) {
        final long[] key = new long[Key.WORDS];
        field.writeBits(key, mask);
        for (int word = 0; word < Key.WORDS; word++) {
            masks[word] |= key[word];
        }
    }

    /** {@return whether all packets of a path are the same to a match} */
    static boolean isSteady(final Match match) {
        for (int word = 0; word < Key.WORDS; word++) {
            if ((match.mask(word) & ~MASKS[word]) != 0) {
                return false;
            }
        }
        return true;
    }

    /** {@return whether these bits of a field are the same in every packet} */
    static boolean covers(final Field field, final Bits bits) {
        final long[] masks = new long[Key.WORDS];
        add(masks, field, bits);
        for (int word = 0; word < Key.WORDS; word++) {
            if ((masks[word] & ~MASKS[word]) != 0) {
                return false;
            }
        }
        return true;
    }

    /** {@return a field by which a match that is not steady tells packets of a path apart} */
    static Field unsteady(final Match match) {
        for (final Field field : Fields.all()) {
            // ECN has its own name.
            final boolean named = field != Fields.NW_TOS || match.mask(Fields.IP_DSCP) != 0;
            if (named && !covers(field, match.maskBits(field))) {
                return field;
            }
        }
        throw new IllegalStateException("every bit belongs to a field");
    }

    /** {@return whether the match may accept some packet of the path of the one that has this key} */
    static boolean mayAccept(final Match match, final long[] key) {
        for (int word = 0; word < Key.WORDS; word++) {
            if (((key[word] ^ match.value(word)) & match.mask(word) & MASKS[word]) != 0) {
                return false;
            }
        }
        return true;
    }
}

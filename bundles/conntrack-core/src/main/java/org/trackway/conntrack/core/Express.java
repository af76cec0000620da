// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Timeout;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/**
 * The express way: what {@link Execution} does in general, for the one case that nearly all packets are. A packet that
 * was not tracked before goes on with a live connection of TCP or UDP over IPv4, whose state it does not change, that
 * has neither label nor helper nor parent, under an action that neither forces nor sets anything. Whatever else a
 * packet, a connection or an action is, the packet takes the full way, and nothing has happened to it here.
 *
 * <p>So nothing is said here that is not said in general elsewhere ({@code TrackerPropertyTest} compares both ways):
 * this class exists for speed, and works on the words of the connection without names in between. One per thread.
 */
final class Express {

    private final ConnectionTable table;
    private final Timeouts timeouts;

    // The batch in work.
    private boolean open;
    private int zone;
    private long nowNs;
    /** Flags that send a connection the full way. */
    private int special;
    /** Whether packets forget their connection again. */
    private boolean translating;
    // The memory of plain connections over IPv4, as they are made now.
    private int kind;
    private boolean accounting;
    private Slab slab;
    private long[][] chunks;
    // When connections with the default timeouts expire.
    private long tcpExpiryNs;
    private long udpExpiryNs;
    private long oneWayExpiryNs;

    Express(final ConnectionTable table, final Timeouts timeouts) {
        this.table = table;
        this.timeouts = timeouts;
    }

    /** Begins a batch. */
    void begin(final CtAction action, final boolean counts, final long now) {
        open = !action.force() && action.markMask() == 0 && !action.setsLabel();
        zone = action.zone();
        nowNs = now;
        translating = action.nat() != null;
        special = 0xffff & ~(Cursor.CONFIRMED | Cursor.INDEXED_REPLY | (translating ? 0 : CtState.NAT));
        kind = ConnectionTable.kind(false, counts);
        accounting = counts;
        // Storing a reference costs the collector's barrier, even if it is the same again.
        if (slab != table.slab(kind)) {
            slab = table.slab(kind);
        }
        if (chunks != slab.chunks()) {
            chunks = slab.chunks();
        }
        tcpExpiryNs = timeouts.expiry(0, Timeout.TCP_ESTABLISHED.ordinal(), now);
        udpExpiryNs = timeouts.expiry(0, Timeout.UDP_MULTIPLE.ordinal(), now);
        oneWayExpiryNs = timeouts.expiry(0, Timeout.UDP_SINGLE.ordinal(), now);
    }

    /**
     * Tracks packets in order until one is not of the common case.
     *
     * @param from  the first of them
     * @param keys  what was extracted from the packets
     * @param kinds what {@link KeyExtractor#extract} said of them
     * @param refs  what {@link ConnectionTable#candidates} said of them
     * @return which one has to take the full way; the size of the batch if none has to
     */
    int take(final PacketBatch batch, final int from, final Key[] keys, final byte[] kinds, final int[] refs) {
        final int size = batch.size();
        final int shift = slab.shift;
        final int mask = slab.mask;
        final int stride = slab.stride;
        final int start = slab.start;
        int at = from;
        int locked = 0;
        long[] words = null;
        int base = 0;
        long head = 0;
        try {
            for (; open && at < size; at++) {
                final Packet packet = batch.get(at);
                final Key key = keys[at];
                final int ref = refs[at];
                if (kinds[at] != KeyExtractor.TRACKABLE || ref == 0 || (ref & ConnectionTable.KIND_MASK) != kind
                        || key.v6 || packet.ctState() != 0 || packet.ctConnection() != 0) {
                    break;
                }
                // Packets of one connection that follow each other share its lock.
                if (ref != locked) {
                    if (locked != 0) {
                        Slab.headRelease(words, base, head);
                        locked = 0;
                    }
                    final int index = ref >>> ConnectionTable.KIND_BITS;
                    words = chunks[index >>> shift];
                    base = (index & mask) * stride + start;
                    head = Slab.headAcquire(words, base);
                }
                final long ports = words[base + Slab.PORTS];
                final long addresses = words[base + Slab.ADDRESS];
                final int reply = ConnectionTable.notZero(ports ^ key.ports | addresses ^ key.address0);
                if ((reply & ConnectionTable.notZero(words[base + Slab.REPLY_PORTS] ^ key.ports
                        | words[base + Slab.REPLY_ADDRESS4] ^ key.address0)) != 0) {
                    break;
                }
                if (ref != locked) {
                    if ((head & (Slab.LIVE | Slab.LOCKED)) != Slab.LIVE
                            || !Slab.casHead(words, base, head, head | Slab.LOCKED)) {
                        break;
                    }
                    locked = ref;
                }
                final int state = goOn(packet, key.protocol(), words, base, reply);
                if (state == 0) {
                    break;
                }
                if (accounting) {
                    final int counts = base + Slab.COUNTS4 + 2 * reply;
                    words[counts]++;
                    words[counts + 1] += packet.l3Length();
                    words[base + Slab.COUNTS4 + 5] = nowNs;
                }
                packet.ctPlain(state, zone, (int) (words[base + Slab.MARK] >>> 32), addresses, ports,
                    table.id(ref, Slab.generation(head)), reply != 0);
                if (translating) {
                    packet.ctForget();
                }
            }
        } finally {
            if (locked != 0) {
                Slab.headRelease(words, base, head);
            }
        }
        return at;
    }

    /**
     * Moves the connection, which is locked.
     *
     * @return the state bits of the packet, or 0 if it is not the common case
     */
    private int goOn(final Packet packet, final int protocol, final long[] words, final int base, final int reply) {
        final int flags = (int) words[base + Slab.MARK];
        if (nowNs >= words[base + Slab.EXPIRES] || (flags & special) != 0) {
            return 0;
        }
        final int policy = flags >>> 16;
        if (protocol == IpProtocol.TCP) {
            if (!TcpMachine.goOn(words, base, reply, packet.data(), packet.l4Offset(), packet.l4Length())) {
                return 0;
            }
            words[base + Slab.EXPIRES] = policy == 0 ? tcpExpiryNs : expiry(policy, Timeout.TCP_ESTABLISHED);
        } else if (protocol != IpProtocol.UDP) {
            return 0;
        } else if (words[base + Slab.STATE] == Machine.CONFIRMED) {
            words[base + Slab.EXPIRES] = policy == 0 ? udpExpiryNs : expiry(policy, Timeout.UDP_MULTIPLE);
        } else if (words[base + Slab.STATE] == Machine.MULTIPLE && reply == 0) {
            words[base + Slab.EXPIRES] = policy == 0 ? oneWayExpiryNs : expiry(policy, Timeout.UDP_SINGLE);
            return CtState.TRACKED | CtState.NEW;
        } else {
            return 0;
        }
        return CtState.TRACKED | CtState.ESTABLISHED | reply * CtState.REPLY;
    }

    private long expiry(final int policy, final Timeout timeout) {
        return timeouts.expiry(policy, timeout.ordinal(), nowNs);
    }
}

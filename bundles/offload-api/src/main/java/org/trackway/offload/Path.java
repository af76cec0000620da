// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.trackway.conntrack.Tuple;

/**
 * The way of one direction of a connection through a datapath, from the port where its packets come in to the one
 * where they leave: all that hardware needs to forward them without flow table and tracker.
 *
 * <p>A path is the record of a real packet's run and holds for every packet with the same ingress port, tags, tuple
 * and, where flows look at them, Ethernet addresses, as long as no flow, learned address, port, mark or label that it
 * depends on changes. Immutable.
 *
 * @param ingress             name of the port where the packets come in
 * @param egress              name of the port where they leave; may be the same one
 * @param arrives             the tuple as the packets come in, before any translation
 * @param leaves              the tuple as they leave, after all translations; equal to {@code arrives} without any
 * @param arrivingTags        VLAN tags as the packets come in, outer one first, at most two
 * @param leavingTags         VLAN tags as they leave, outer one first, at most two
 * @param ethernetSource      source address to write, 48 bits, or empty to leave it alone
 * @param ethernetDestination destination address to write, 48 bits, or empty to leave it alone
 * @param ttlDecrement        by how much TTL or hop limit goes down, 0..255; a packet whose value does not suffice is
 *                            left to the datapath
 * @param hops                every connection that the packets belong to on the way, in the order of the look-ups; more
 *                            than one where they pass several zones; never empty
 * @param arrivingSource      Ethernet source that the packets come with, 48 bits: one with another is left to the
 *                            datapath; empty if no flow met on the way, or missed, looks at it
 * @param arrivingDestination the same for their Ethernet destination
 */
public record Path(String ingress, String egress, Tuple arrives, Tuple leaves, List<Tag> arrivingTags,
        List<Tag> leavingTags, OptionalLong ethernetSource, OptionalLong ethernetDestination, int ttlDecrement,
        List<Hop> hops, OptionalLong arrivingSource, OptionalLong arrivingDestination) {

    private static final int MAX_TAGS = 2;

    /** Checks ranges and takes copies of the lists. */
    public Path {
        Objects.requireNonNull(ingress, "ingress");
        Objects.requireNonNull(egress, "egress");
        arrivingTags = List.copyOf(arrivingTags);
        leavingTags = List.copyOf(leavingTags);
        hops = List.copyOf(hops);
        if (arrives.source().v6() != leaves.source().v6() || arrives.protocol() != leaves.protocol()) {
            throw new IllegalArgumentException("a path can't turn '" + arrives + "' into '" + leaves
                + "': IP version and protocol stay the same");
        }
        if (arrivingTags.size() > MAX_TAGS || leavingTags.size() > MAX_TAGS) {
            throw new IllegalArgumentException("a path has at most " + MAX_TAGS + " VLAN tags on each side");
        }
        if ((ethernetSource.orElse(0) | ethernetDestination.orElse(0) | arrivingSource.orElse(0)
                | arrivingDestination.orElse(0)) >>> 48 != 0) {
            throw new IllegalArgumentException("an Ethernet address has 48 bits");
        }
        if (ttlDecrement >>> 8 != 0) {
            throw new IllegalArgumentException("TTL decrement " + ttlDecrement + " is not in 0 to 255");
        }
        if (hops.isEmpty()) {
            throw new IllegalArgumentException("a path passes at least one connection");
        }
    }

    /** A path of packets whose Ethernet addresses no flow looks at. */
    public Path(final String ingress, final String egress, final Tuple arrives, final Tuple leaves,
            final List<Tag> arrivingTags, final List<Tag> leavingTags, final OptionalLong ethernetSource,
            final OptionalLong ethernetDestination, final int ttlDecrement, final List<Hop> hops) {
        this(ingress, egress, arrives, leaves, arrivingTags, leavingTags, ethernetSource, ethernetDestination,
            ttlDecrement, hops, OptionalLong.empty(), OptionalLong.empty());
    }

    /** {@return whether addresses or ports are rewritten} */
    public boolean translates() {
        return !arrives.equals(leaves);
    }

    /**
     * One connection that the packets of a path belong to.
     *
     * @param connection its id, never used twice
     * @param reply      whether the packets travel in its reply direction
     */
    public record Hop(long connection, boolean reply) {
    }

    /**
     * One VLAN tag.
     *
     * @param etherType 0x8100 (customer) or 0x88a8 (service)
     * @param tci       priority, DEI and VLAN identifier, 16 bits
     */
    public record Tag(int etherType, int tci) {

        /** Checks ranges. */
        public Tag {
            if (etherType != 0x8100 && etherType != 0x88a8 || tci >>> 16 != 0) {
                throw new IllegalArgumentException(
                    String.format("not a VLAN tag: type 0x%x, tci 0x%x", etherType, tci));
            }
        }
    }
}

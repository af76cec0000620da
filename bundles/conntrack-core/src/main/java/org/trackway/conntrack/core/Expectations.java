// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntSupplier;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpAddress;

/**
 * The connections that helpers announced, by the tuple their first packet will have: source port 0 for any, everything
 * else exact, zone included.
 *
 * <p>The rules are Open vSwitch's (lib/conntrack.c expectation_create, expectation_lookup): the first expectation of a
 * tuple stays, it may admit any number of connections, and it goes with the control connection that announced it. Added
 * are a bound per control connection, whose oldest expectation makes room for one too many (refusing the newest would end
 * long sessions, since used ones stay), and, where a helper asks for it, a lifetime or a single use.
 *
 * <p><b>Threads.</b> {@link #find} takes no lock and does not allocate; it reads one volatile field while nothing is
 * expected. Changes take this object's monitor. A chain of the table is immutable: a change publishes a new one.
 */
final class Expectations {

    private static final int FIRST_CAPACITY = 16;

    private final IntSupplier limit;
    private final Counters counters;
    private final long salt = ThreadLocalRandom.current().nextLong();
    private final Map<Long, List<Entry>> byParent = new HashMap<>();
    private AtomicReferenceArray<Node> chains = new AtomicReferenceArray<>(FIRST_CAPACITY);
    private int size;
    private long serial;
    /** The table while something is expected, else null, which spares packets the look-up. */
    private volatile AtomicReferenceArray<Node> table;

    /**
     * Makes an empty store.
     *
     * @param limit    how many expectations one control connection may have open now
     * @param counters where ones that had to make room are counted
     */
    Expectations(final IntSupplier limit, final Counters counters) {
        this.limit = limit;
        this.counters = counters;
    }

    /**
     * What a helper says and what comes from its control connection.
     *
     * @param request   the announced connection
     * @param parent    forward key of the control connection, not changed any more
     * @param parentId  its id
     * @param helper    the helper's name
     * @param mark      its present mark
     * @param labelHigh high half of its present label
     * @param labelLow  low half of its present label
     */
    record Announcement(ControlPacket.Request request, Key parent, long parentId, String helper, int mark, long labelHigh,
            long labelLow) {

        private Key key() {
            final Key key = new Key();
            key.v6 = request.source().v6();
            key.source(request.source().high(), request.source().low());
            key.destination(request.destination().high(), request.destination().low());
            key.ports = Key.ports(0, request.destinationPort(), parent.zone(), request.protocol(), 0);
            return key;
        }
    }

    /** One announced connection. Immutable. */
    static final class Entry {
        /** What its first packet looks like, source port 0. */
        final Key key;
        /** Forward key of the control connection. */
        final Key parent;
        /** Id of the control connection. */
        final long parentId;
        /** Mark to inherit. */
        final int mark;
        /** High half of the label to inherit. */
        final long labelHigh;
        /** Low half of the label to inherit. */
        final long labelLow;
        /** Name of the helper that announced it. */
        final String helper;
        /** Whether there is an address to translate one side to. */
        final boolean translates;
        /** Whether the translation is the new source of its packets, else their new destination. */
        final boolean translateSource;
        /** The first 64 bits of the translation (IPv6), else 0. */
        final long translationHigh;
        /** The last 64 bits of the translation, or its IPv4 address. */
        final long translationLow;
        /** New port of the translated side, or 0 if the port stays. */
        final int translationPort;
        /** When it is given up, on the tracker's clock; meaningful if {@link #expires}. */
        final long deadlineNs;
        /** Whether it has a lifetime of its own. */
        final boolean expires;
        /** Whether the first connection uses it up. */
        final boolean singleUse;
        private final long serial;

        private Entry(final Key key, final Announcement from, final long serial, final long nowNs) {
            this.key = key;
            parent = from.parent();
            parentId = from.parentId();
            mark = from.mark();
            labelHigh = from.labelHigh();
            labelLow = from.labelLow();
            helper = from.helper();
            final ControlPacket.Request request = from.request();
            final IpAddress translation = request.translation();
            translates = translation != null;
            translateSource = request.translateSource();
            translationHigh = translates ? translation.high() : 0;
            translationLow = translates ? translation.low() : 0;
            translationPort = request.translationPort();
            expires = request.lifetimeNs() > 0;
            deadlineNs = nowNs + request.lifetimeNs();
            singleUse = request.singleUse();
            this.serial = serial;
        }

        boolean isLive(final long nowNs) {
            return !expires || deadlineNs - nowNs > 0;
        }

        private Expectation listed(final long nowNs) {
            return new Expectation(key.zone(), key.tuple(), parent.tuple(), mark, labelHigh, labelLow, helper,
                expires ? OptionalLong.of(deadlineNs - nowNs) : OptionalLong.empty(), singleUse);
        }
    }

    private record Node(Entry entry, Node next) {
    }

    // ---- packet threads ----

    /**
     * Looks for the expectation that a packet about to open a connection meets. It is not used up by this.
     *
     * @param packetKey the packet's key before translation; its source port does not matter
     * @return the expectation, or null
     */
    Entry find(final Key packetKey, final long nowNs) {
        final AtomicReferenceArray<Node> current = table;
        if (current == null) {
            return null;
        }
        for (Node node = current.get(slot(current, packetKey)); node != null; node = node.next) {
            if (matches(node.entry.key, packetKey) && node.entry.isLive(nowNs)) {
                return node.entry;
            }
        }
        return null;
    }

    /**
     * Claims an expectation for a connection that is being committed. One that is reusable can always be claimed; one
     * for a single use by one caller alone, and then it is gone.
     *
     * @return whether the caller may have it
     */
    boolean claim(final Entry entry) {
        return !entry.singleUse || remove(entry);
    }

    private static boolean matches(final Key expected, final Key packet) {
        return expected.ports == withoutSourcePort(packet.ports) && expected.address0 == packet.address0
            && expected.v6 == packet.v6 && (!packet.v6 || expected.address1 == packet.address1
                && expected.address2 == packet.address2 && expected.address3 == packet.address3);
    }

    private static long withoutSourcePort(final long ports) {
        return ports & 0x0000ffff_ffffffffL;
    }

    private int slot(final AtomicReferenceArray<Node> current, final Key key) {
        long hash = salt ^ withoutSourcePort(key.ports);
        hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L + key.address0;
        if (key.v6) {
            hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L + key.address1;
            hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L + key.address2;
            hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L + key.address3;
        }
        hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L;
        return (int) (hash >>> 33) & current.length() - 1;
    }

    // ---- changes ----

    /**
     * Expects a connection, unless one with its tuple is expected already.
     *
     * @return the new expectation; null if none was added
     */
    synchronized Entry add(final Announcement announcement, final long nowNs) {
        final Key key = announcement.key();
        final Entry known = any(key);
        if (known != null) {
            if (known.isLive(nowNs)) {
                return null;
            }
            remove(known);
        }
        final List<Entry> siblings = byParent.computeIfAbsent(announcement.parentId(), id -> new ArrayList<>(2));
        siblings.removeIf(sibling -> !sibling.isLive(nowNs) && unlink(sibling));
        while (siblings.size() >= limit.getAsInt()) {
            unlink(siblings.remove(0));
            counters.increment(Counter.EXPECTATIONS_FULL);
        }
        final Entry entry = new Entry(key, announcement, serial++, nowNs);
        siblings.add(entry);
        if (size >= chains.length()) {
            grow();
        }
        final int at = slot(chains, key);
        chains.set(at, new Node(entry, chains.get(at)));
        size++;
        table = chains;
        return entry;
    }

    /** The expectation of this tuple, lapsed or not. */
    private Entry any(final Key key) {
        for (Node node = chains.get(slot(chains, key)); node != null; node = node.next) {
            if (matches(node.entry.key, key)) {
                return node.entry;
            }
        }
        return null;
    }

    /**
     * Gives one expectation up.
     *
     * @return whether it was still there
     */
    synchronized boolean remove(final Entry entry) {
        final List<Entry> siblings = byParent.get(entry.parentId);
        if (siblings == null || !siblings.remove(entry)) {
            return false;
        }
        if (siblings.isEmpty()) {
            byParent.remove(entry.parentId);
        }
        return unlink(entry);
    }

    /** Gives up what a control connection announced, when it is removed. */
    void removeParent(final long parentId) {
        if (table != null) {
            synchronized (this) {
                final List<Entry> siblings = byParent.remove(parentId);
                if (siblings != null) {
                    siblings.forEach(this::unlink);
                }
            }
        }
    }

    /**
     * Gives up every expectation whose lifetime is over; they are invisible already.
     *
     * @return how many went
     */
    int expire(final long nowNs) {
        if (table == null) {
            return 0;
        }
        synchronized (this) {
            final int before = size;
            byParent.values().removeIf(siblings -> {
                siblings.removeIf(entry -> !entry.isLive(nowNs) && unlink(entry));
                return siblings.isEmpty();
            });
            return before - size;
        }
    }

    private boolean unlink(final Entry entry) {
        final int at = slot(chains, entry.key);
        chains.set(at, without(chains.get(at), entry));
        if (--size == 0) {
            table = null;
        }
        return true;
    }

    private static Node without(final Node chain, final Entry entry) {
        return chain.entry == entry ? chain.next : new Node(chain.entry, without(chain.next, entry));
    }

    private void grow() {
        final AtomicReferenceArray<Node> larger = new AtomicReferenceArray<>(2 * chains.length());
        for (int i = 0; i < chains.length(); i++) {
            for (Node node = chains.get(i); node != null; node = node.next) {
                final int at = slot(larger, node.entry.key);
                larger.set(at, new Node(node.entry, larger.get(at)));
            }
        }
        chains = larger;
    }

    // ---- people ----

    /** {@return the open expectations of one zone or of all, oldest first} */
    List<Expectation> list(final OptionalInt zone, final long nowNs) {
        final List<Entry> entries = new ArrayList<>();
        synchronized (this) {
            byParent.values().forEach(entries::addAll);
        }
        return entries.stream()
            .filter(entry -> entry.isLive(nowNs) && (zone.isEmpty() || zone.getAsInt() == entry.key.zone()))
            .sorted(Comparator.comparingLong(entry -> entry.serial))
            .map(entry -> entry.listed(nowNs))
            .toList();
    }
}

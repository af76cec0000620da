// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.conntrack.spi.HelperContext;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * The helpers of one tracker, and what happens to the packets that they watch.
 *
 * <p>Connections name their helper, so helpers may come, go and be replaced while connections are open: packets of a
 * helper that is not there pass as they are, apart from sequence numbers, whose shift stays. If several helpers have one
 * name, the first keeps it until it goes.
 *
 * <p><b>Threads.</b> Packet threads read one volatile map. Changes take this object's monitor and publish a new map.
 * {@link #control} is called under the connection's lock.
 */
final class Helpers {

    private static final Logger LOG = LoggerFactory.getLogger(Helpers.class);
    private static final int SYN = 0x02;
    private static final AtomicLong SERIAL = new AtomicLong();

    private final Expectations expectations;
    private final Counters counters;
    private final Slots slots;
    private final PerThread<ControlView> views;
    private final List<Attached> all = new ArrayList<>();
    private volatile Map<String, Attached> byName = Map.of();

    /** Where slots come from: {@code Conntrack::slot}. */
    @FunctionalInterface
    interface Slots {
        /** Makes a slot; the name must be new. */
        <T> ConnectionSlot<T> slot(String name, Class<T> type);
    }

    Helpers(final Expectations expectations, final Counters counters, final Slots slots) {
        this.expectations = expectations;
        this.counters = counters;
        this.slots = slots;
        views = new PerThread<>(() -> new ControlView(expectations));
    }

    /** One helper in this tracker, what it said of itself, and its slots. */
    private final class Attached implements HelperContext {

        private final ConnectionHelper helper;
        private final String name;
        private final int protocol;
        private final long serial = SERIAL.incrementAndGet();
        private volatile Map<Class<?>, ConnectionSlot<?>> mine = Map.of();
        private volatile boolean gone;

        Attached(final ConnectionHelper helper) {
            this.helper = helper;
            name = helper.name();
            protocol = helper.protocol();
        }

        @Override
        public <T> ConnectionSlot<T> slot(final Class<T> type) {
            final ConnectionSlot<?> known = mine.get(type);
            return cast(known != null ? known : make(type));
        }

        private synchronized <T> ConnectionSlot<?> make(final Class<T> type) {
            if (gone) {
                throw new IllegalStateException("helper " + name + " has gone");
            }
            ConnectionSlot<?> slot = mine.get(type);
            if (slot == null) {
                slot = slots.slot("helper." + name + '.' + serial + '.' + type.getName(), type);
                final Map<Class<?>, ConnectionSlot<?>> larger = new HashMap<>(mine);
                larger.put(type, slot);
                mine = larger;
            }
            return slot;
        }

        /** A slot is filed under the class of its values. */
        @SuppressWarnings("unchecked")
        private <T> ConnectionSlot<T> cast(final ConnectionSlot<?> slot) {
            return (ConnectionSlot<T>) slot;
        }

        synchronized void close() {
            gone = true;
            mine.values().forEach(ConnectionSlot::close);
            mine = Map.of();
        }
    }

    // ---- coming and going ----

    /**
     * Takes a helper in.
     *
     * @return whether it is in; false if it failed at once, which is logged and counted
     */
    synchronized boolean add(final ConnectionHelper helper) {
        Attached attached = null;
        try {
            attached = new Attached(helper);
            if (attached.name == null || attached.protocol != IpProtocol.TCP && attached.protocol != IpProtocol.UDP) {
                throw new IllegalArgumentException("name " + attached.name + ", protocol " + attached.protocol);
            }
            helper.attach(attached);
        } catch (final Throwable failure) {
            if (attached != null) {
                attached.close();
            }
            counters.increment(Counter.HELPER_FAILURES);
            LOG.warn("Helper {} is left out: it failed when it was taken in.", helper.getClass().getName(), failure);
            return false;
        }
        all.add(attached);
        publish();
        return true;
    }

    /** Lets a helper go; its slots are closed, and with them all that refers to its classes. */
    synchronized void remove(final ConnectionHelper helper) {
        final List<Attached> leaving = all.stream().filter(attached -> attached.helper == helper).toList();
        all.removeAll(leaving);
        publish();
        leaving.forEach(Attached::close);
    }

    private void publish() {
        final Map<String, Attached> names = new HashMap<>();
        all.forEach(attached -> names.putIfAbsent(attached.name, attached));
        byName = names;
    }

    /** {@return the names of the helpers that are there} */
    Set<String> names() {
        return new TreeSet<>(byName.keySet());
    }

    // ---- packets ----

    /**
     * Shows a packet to the helper of its connection and does what the helper asks for; then puts the packet's text and
     * sequence number where earlier replacements moved them. {@link SequenceShift} says when this is called.
     *
     * <p>An invalid packet is not shown, since its receiver will not take it into the stream either, and neither is an
     * ICMP error about the connection or a fragment. A packet that was translated by an earlier invocation in this zone
     * has been shown there, and has the receiver's text and numbers now: it stays as it is.
     *
     * @param helperName  the connection's helper
     * @param connection  the connection, its lock held
     * @param forward     its forward key, not kept
     * @param reply       its reply key, not kept
     * @param extension   its extension
     * @param packet      the packet, already translated, with its answer in the metadata
     * @param isReply     whether it travels in the reply direction
     * @param translated  whether the invocation has {@code nat} and the packet came in untranslated
     * @param mark        the connection's mark, as expectations will inherit it
     * @param labelHigh   high half of its label
     * @param labelLow    low half of its label
     * @param nowNs       the time
     */
    void control(final String helperName, final ConnectionView connection, final Key forward, final Key reply,
            final Extension extension, final Packet packet, final boolean isReply, final boolean translated,
            final int mark, final long labelHigh, final long labelLow, final long nowNs) {
        if (!translated && (packet.ctState() & CtState.NAT) != 0) {
            return;
        }
        final ControlView view = views.get();
        final int protocol = forward.protocol();
        if (!view.payload.find(packet, protocol)) {
            return;
        }
        final boolean moves = translated && !isReverse(forward, reply);
        final boolean isTcp = protocol == IpProtocol.TCP;
        final int l4 = view.payload.l4();
        final boolean isStart = isTcp && (packet.data()[l4 + 13] & SYN) != 0;
        final int number = isTcp ? Bytes.i32(packet.data(), l4 + 4) + (isStart ? 1 : 0) : 0;
        final Attached attached = byName.get(helperName);
        final boolean shown = attached != null && attached.protocol == protocol
            && (view.payload.length() > 0 || isStart) && (packet.ctState() & CtState.INVALID) == 0;
        if (shown) {
            view.connection(connection, forward, reply);
            view.inherits(mark, labelHigh, labelLow);
            view.packet(packet, isReply, moves, nowNs);
            view.stream(number, isStart);
            ask(attached, view);
        }
        if (isTcp && moves) {
            shift(extension, packet, isReply, number, shown, view);
        } else if (view.replacements() > 0) {
            replace(view);
        }
        if (shown) {
            if (view.isRefused()) {
                packet.ctState(packet.ctState() | CtState.INVALID | CtState.TRACKED);
            }
            counters.add(Counter.HELPER_FAILURES, view.failures());
        }
        view.release();
    }

    /** Whether the connection's addresses and ports are the same on both sides. */
    private static boolean isReverse(final Key forward, final Key reply) {
        return forward.sourceLow() == reply.destinationLow() && forward.destinationLow() == reply.sourceLow()
            && forward.sourceHigh() == reply.destinationHigh() && forward.destinationHigh() == reply.sourceHigh()
            && forward.sourcePort() == reply.destinationPort() && forward.destinationPort() == reply.sourcePort();
    }

    private void ask(final Attached attached, final ControlView view) {
        view.helper(attached.name, attached);
        try {
            attached.helper.control(view);
        } catch (final Throwable failure) {
            view.takeBack();
            // One that is leaving finds its slots closed: nobody's failure.
            if (!attached.gone) {
                counters.increment(Counter.HELPER_FAILURES);
            }
        }
    }

    private void shift(final Extension extension, final Packet packet, final boolean isReply, final int number,
            final boolean shown, final ControlView view) {
        SequenceShift shift = isReply ? extension.replyShift : extension.originalShift;
        if (shown) {
            if (shift == null) {
                shift = new SequenceShift();
                if (isReply) {
                    extension.replyShift = shift;
                } else {
                    extension.originalShift = shift;
                }
            }
            for (int i = 0; i < view.replacements(); i++) {
                if (!shift.record(number + view.replacedAt(i), view.replacedCount(i), view.replacedBy(i))) {
                    view.fail();
                }
            }
            shift.passed(number + view.payload.length());
        }
        if (shift != null && !shift.isNeutral() && !shift.rewrite(packet, view.payload, number)) {
            packet.ctState(packet.ctState() | CtState.INVALID | CtState.TRACKED);
            counters.increment(Counter.HELPER_FAILURES);
        }
    }

    /** Datagrams have no stream: what is replaced in one concerns no other. */
    private void replace(final ControlView view) {
        int grown = 0;
        for (int i = 0; i < view.replacements(); i++) {
            grown += view.replacedBy(i).length - view.replacedCount(i);
        }
        if (!view.payload.hasRoom(grown)) {
            view.fail();
            return;
        }
        for (int i = view.replacements() - 1; i >= 0; i--) {
            view.payload.replace(view.replacedAt(i), view.replacedCount(i), view.replacedBy(i));
        }
        view.payload.mend();
    }
}

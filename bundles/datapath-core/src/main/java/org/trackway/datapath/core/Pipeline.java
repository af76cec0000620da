// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.CtAction;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.FastPath;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * Carries batches through the tables. One pipeline serves one thread at a time and keeps all that it needs, so that a
 * packet costs no allocation.
 *
 * <p>The packets of a batch come out as if each had gone through alone, one after the other. They still visit the
 * tracker together: a packet runs until it meets a {@code ct} action, and neighbours that met the same one go into one
 * call. That is the same as one by one where a packet meets the tracker once; where the flows may send it there more
 * often, a batch is cut into waves of packets that have no address in common, since what a packet does in its second
 * visit must be known when the next packet of the same hosts pays its first one.
 */
final class Pipeline {

    /** How deep resubmits may be nested, and how many there may be in all (Open vSwitch's limits). */
    private static final int MAX_DEPTH = 64;
    private static final int MAX_RESUBMITS = MAX_DEPTH * MAX_DEPTH;
    /** How often a packet may start over in another table after a {@code ct} (Open vSwitch's limit). */
    private static final int MAX_ROUNDS = 8;
    /** Bits of the set of addresses of a wave. */
    private static final int ADDRESS_WORDS = 16;

    private final TableDatapath datapath;
    private final Conntrack conntrack;
    final Tally tally = new Tally();

    private State state;
    private long nowNs;
    /** Whether keys need the packets' headers. */
    private boolean readsHeaders;
    /** Where packets that are watched came in. */
    private PortEntry ingress;

    // Slots of this batch; the first so many are in use.
    private final List<Slot> slots = new ArrayList<>();
    private int slotCount;
    /** How many slots have had their headers read. */
    private int headersRead;
    /** Slots whose frames wait, in the order of arrival: those of this stage and those of the next. */
    private List<Slot> waiting = new ArrayList<>();
    private List<Slot> next = new ArrayList<>();
    private final List<Frame> spareFrames = new ArrayList<>();
    private final List<Packet> sparePackets = new ArrayList<>();
    private final List<Packet> copies = new ArrayList<>();
    private final PacketBatch tracked = new PacketBatch();
    private final List<Slot> group = new ArrayList<>();
    private final long[] addresses = new long[ADDRESS_WORDS];
    private final long[] scratch = new long[Key.WORDS];
    private Slot current;

    private final Outbox outbox = new Outbox();
    private final FastPath.Egress egress;
    /** What fast paths have left of a batch. */
    private final PacketBatch left = new PacketBatch();

    // Counters of this batch.
    private Rule lastRule;
    private long rulePackets;
    private long ruleBytes;
    private long unmatched;
    private long lost;
    private long tooDeep;

    Pipeline(final TableDatapath datapath) {
        this.datapath = datapath;
        conntrack = datapath.conntrack();
        egress = datapath::sendBypassing;
    }

    /**
     * Carries a batch.
     *
     * @param in     where it comes from
     * @param number number of that port, {@link Key#NO_PORT} if it is none of the datapath's
     * @param batch  the packets, from {@code from} up to {@code to}
     */
    void process(final Port in, final int number, final PacketBatch batch, final int from, final int to) {
        state = datapath.state();
        if (state.fastPaths().isEmpty()) {
            carry(in, number, batch, from, to);
        } else {
            bypass(in, batch, from, to);
            carry(in, number, left, 0, left.size());
            left.clear();
        }
        state = null;
    }

    /** Asks the fast paths for all packets of a batch, and puts those that they leave into {@link #left}. */
    private void bypass(final Port in, final PacketBatch batch, final int from, final int to) {
        long bytes = 0;
        for (int i = from; i < to; i++) {
            left.add(batch.get(i));
            bytes += batch.get(i).length();
        }
        for (int i = 0; i < state.fastPaths().size() && !left.isEmpty(); i++) {
            state.fastPaths().get(i).forward(in, left, egress);
        }
        for (int i = 0; i < left.size(); i++) {
            bytes -= left.get(i).length();
        }
        final int taken = to - from - left.size();
        tally.bypassed(taken);
        datapath.totals.packets.add(taken);
        datapath.totals.bytes.add(bytes);
        datapath.totals.bypassed.add(taken);
    }

    private void carry(final Port in, final int number, final PacketBatch batch, final int from, final int to) {
        nowNs = conntrack.now();
        slotCount = 0;
        headersRead = 0;
        long bytes = 0;
        for (int i = from; i < to; i++) {
            final Packet packet = batch.get(i);
            bytes += packet.length();
            final Frame frame = newFrame();
            frame.start(packet, number);
            newSlot(frame, i - from);
        }
        final int count = slotCount;
        readsHeaders = watch(in, number) || state.tables().readsHeaders;
        final long firstNumber = datapath.number(count);
        if (!state.observers().isEmpty()) {
            for (int i = 0; i < count; i++) {
                slots.get(i).arrived = Slot.arrival(slots.get(i).frame.packet, in.name(), firstNumber + i);
            }
        }
        int start = 0;
        while (start < count) {
            final int end = endOfWave(start, count);
            runWave(start, end);
            start = end;
        }
        datapath.totals.packets.add(count);
        datapath.totals.bytes.add(bytes);
        finish();
    }

    /** Has all packets watched if paths are wanted. {@return whether they are} */
    private boolean watch(final Port in, final int number) {
        if (state.paths() == null || state.paths().wanted() == 0) {
            return false;
        }
        ingress = state.ports().get(number);
        if (ingress == null || ingress.port != in) {
            return false;
        }
        for (int i = 0; i < slotCount; i++) {
            slots.get(i).watched = true;
        }
        return true;
    }

    private void finish() {
        countRule(null, 0);
        final int sent = outbox.flush(state.ports());
        datapath.totals.sent.add(sent);
        lost += outbox.lost();
        if ((unmatched | lost | tooDeep) != 0) {
            datapath.totals.unmatched.add(unmatched);
            datapath.totals.lost.add(lost);
            datapath.totals.tooDeep.add(tooDeep);
            unmatched = 0;
            lost = 0;
            tooDeep = 0;
        }
        for (int i = 0; i < slotCount; i++) {
            report(slots.get(i));
        }
        ingress = null;
        for (int i = 0; i < copies.size(); i++) {
            if (!copies.get(i).isKept()) {
                sparePackets.add(copies.get(i));
            }
        }
        copies.clear();
    }

    private void report(final Slot slot) {
        if (slot.trail != null) {
            datapath.offers.consider(slot.trail, state);
            slot.unwatch();
        }
        if (slot.fate == SeenPacket.Fate.HELD) {
            tally.held(1);
        } else {
            tally.tracked(slot.ctState);
        }
        if (slot.arrived != null) {
            final SeenPacket seen = slot.seen();
            slot.arrived = null;
            for (int i = 0; i < state.observers().size(); i++) {
                state.observers().get(i).packet(seen);
            }
        }
    }

    private Frame newFrame() {
        return spareFrames.isEmpty() ? new Frame() : spareFrames.remove(spareFrames.size() - 1);
    }

    private void recycle(final Frame frame) {
        frame.packet = null;
        frame.then = null;
        spareFrames.add(frame);
    }

    private Slot newSlot(final Frame frame, final int order) {
        if (slotCount == slots.size()) {
            slots.add(new Slot());
        }
        final Slot slot = slots.get(slotCount++);
        slot.start(frame, order);
        return slot;
    }

    // ---- waves ----

    private int endOfWave(final int start, final int count) {
        if (!readsHeaders) {
            return count;
        }
        Arrays.fill(addresses, 0);
        int end = start;
        while (end < count) {
            final Frame frame = slots.get(end).frame;
            if (end == headersRead) {
                HeaderReader.readHeaders(frame.packet, frame.key);
                headersRead++;
            }
            if (state.tables().tracksOften && !join(frame.key) && end > start) {
                break;
            }
            end++;
        }
        return end;
    }

    /** Adds the addresses of a packet to those of the wave. {@return whether none was there before} */
    private boolean join(final long[] key) {
        final long source = key[Key.V4] >>> 32 ^ key[Key.V6_SOURCE] * 31 ^ key[Key.V6_SOURCE + 1];
        final long destination = key[Key.V4] & 0xffffffffL ^ key[Key.V6_DESTINATION] * 31
            ^ key[Key.V6_DESTINATION + 1];
        if ((source | destination) == 0) {
            return true;
        }
        return add(source) & add(destination);
    }

    private boolean add(final long address) {
        final int hash = (int) (address * 0x9E3779B97F4A7C15L >>> 54);
        final long bit = 1L << hash;
        final boolean fresh = (addresses[hash >>> 6] & bit) == 0;
        addresses[hash >>> 6] |= bit;
        return fresh;
    }

    private void runWave(final int start, final int end) {
        next.clear();
        for (int i = start; i < end; i++) {
            final Slot slot = slots.get(i);
            current = slot;
            enter(slot.frame, 0);
            advance(slot);
        }
        while (!next.isEmpty()) {
            final List<Slot> stage = next;
            next = waiting;
            next.clear();
            waiting = stage;
            runStage(stage);
        }
    }

    /** Lets every waiting frame go on once, in the order of arrival. */
    private void runStage(final List<Slot> stage) {
        int i = 0;
        while (i < stage.size()) {
            final Slot slot = stage.get(i);
            final Track track = slot.frame.track();
            if (track == null) {
                // It waits for all packets before it.
                if (next.isEmpty()) {
                    advance(slot);
                } else {
                    next.add(slot);
                }
                i++;
                continue;
            }
            final CtAction action = slot.frame.action();
            group.clear();
            tracked.clear();
            while (i < stage.size() && stage.get(i).frame.track() == track && stage.get(i).frame.action() == action) {
                final Frame frame = stage.get(i).frame;
                group.add(stage.get(i));
                tracked.add(writable(frame, track.fixed.nat() != null || track.fixed.helper() != null));
                i++;
            }
            conntrack.execute(tracked, action, nowNs);
            goOn();
        }
    }

    /** Lets the packets that came back from the tracker go on, and takes in those that it had held back. */
    private void goOn() {
        final Frame template = isUnchanged() ? null : template();
        int expected = 0;
        final int members = group.size();
        for (int i = 0; i < tracked.size(); i++) {
            final Packet packet = tracked.get(i);
            int member = expected;
            while (member < members && group.get(member).frame.packet != packet) {
                member++;
            }
            if (member == members) {
                takeIn(packet, template, group.get(Math.min(expected, members - 1)).order);
                continue;
            }
            while (expected < member) {
                hold(group.get(expected++));
            }
            expected++;
            returned(group.get(member));
        }
        while (expected < members) {
            hold(group.get(expected++));
        }
        if (template != null) {
            recycle(template);
        }
        tracked.clear();
        group.clear();
    }

    private boolean isUnchanged() {
        if (tracked.size() != group.size()) {
            return false;
        }
        for (int i = 0; i < tracked.size(); i++) {
            if (tracked.get(i) != group.get(i).frame.packet) {
                return false;
            }
        }
        return true;
    }

    private Frame template() {
        final Frame frame = newFrame();
        frame.follow(group.get(group.size() - 1).frame, null);
        return frame;
    }

    private void hold(final Slot slot) {
        final Packet packet = slot.frame.packet;
        slot.fate = SeenPacket.Fate.HELD;
        datapath.hold(packet, slot.arrived);
        slot.frame.abandon();
        advance(slot);
    }

    /** Gives a packet that was held back the way of those that went to the tracker with it. */
    private void takeIn(final Packet packet, final Frame template, final int order) {
        final Frame frame = newFrame();
        frame.follow(template, packet);
        final Slot slot = newSlot(frame, order);
        slot.fate = SeenPacket.Fate.RELEASED;
        slot.arrived = datapath.release(packet);
        tally.held(-1);
        returned(slot);
    }

    private void returned(final Slot slot) {
        current = slot;
        final Frame frame = slot.frame;
        slot.tracked(frame.packet);
        if (slot.watched) {
            visited(frame);
        }
        final int table = frame.track().table;
        if (table == Track.NO_TABLE) {
            frame.clearConntrack();
        } else if (frame.hasMore()) {
            if (slot.trail != null) {
                slot.trail.block("goes on with two packets", frame.actions());
            }
            final Frame fork = newFrame();
            fork.fork(frame, copy(frame.packet));
            fork.then = frame;
            frame.clearConntrack();
            slot.frame = fork;
            startOver(fork, table);
        } else {
            startOver(frame, table);
        }
        advance(slot);
    }

    private void startOver(final Frame frame, final int table) {
        if (frame.startOver() >= MAX_ROUNDS) {
            abandon(frame);
            return;
        }
        HeaderReader.readConntrack(frame.packet, frame.key);
        if (readsHeaders) {
            HeaderReader.readHeaders(frame.packet, frame.key);
        }
        enter(frame, table);
    }

    /** Runs a slot until it waits or all is done. */
    private void advance(final Slot slot) {
        current = slot;
        while (slot.frame != null) {
            final Frame frame = slot.frame;
            if (frame.run(this)) {
                next.add(slot);
                return;
            }
            slot.frame = frame.then;
            recycle(frame);
        }
    }

    // ---- what packets meet, for whoever wants paths ----

    /*
     * Which packets are of interest is known when the tracker has said whose they are. As long as flows only lead there
     * and leave the key alone, nothing is written down before: what was met is found once more, in the same tables by
     * the same key, if it is to be known. To store it for all of them costs far more than to ask.
     */

    private void lookedUp(final Frame frame, final int table, final Rule rule) {
        if (current.trail == null) {
            // An identifier may be translated, so that it is to be read now.
            final boolean icmp = Key.protocol(frame.key) == IpProtocol.ICMP
                || Key.protocol(frame.key) == IpProtocol.ICMPV6;
            if (rule != null && rule.leadsOn && !icmp) {
                return;
            }
            if (isLast(frame, rule)) {
                current.unwatch();
                return;
            }
            current.record(ingress);
            if (!icmp) {
                recall(frame);
                return;
            }
        }
        if (!current.trail.wasWanted() && isLast(frame, rule)) {
            current.unwatch();
        } else {
            current.trail.lookedUp(table, rule, frame.key, frame.packet);
        }
    }

    /** {@return whether a packet that meets this flow, or none, does not come to the tracker any more} */
    private static boolean isLast(final Frame frame, final Rule rule) {
        return (rule == null || rule.isLast) && frame.then == null && !frame.hasMore();
    }

    /**
     * Writes down the look-ups that a packet has behind it while its key has not changed. It comes to an end, as the
     * packet did by the same flows.
     */
    private void recall(final Frame frame) {
        int table = 0;
        while (table != Track.NO_TABLE) {
            final Rule rule = state.tables().find(table, frame.key);
            current.trail.lookedUp(table, rule, frame.key, frame.packet);
            table = rule == null ? Track.NO_TABLE : rule.next;
        }
    }

    /** Writes down what the tracker said, unless it has said that the packet is of no interest. */
    private void visited(final Frame frame) {
        final Packet packet = frame.packet;
        final boolean wants = datapath.offers.isWanted(packet, state);
        final boolean wanted = wants || current.trail != null && current.trail.wasWanted();
        if (!wanted && packet.ctFound() != 0 && state.tables().oneConnection) {
            current.unwatch();
            return;
        }
        if (current.trail == null) {
            current.record(ingress);
            recall(frame);
        }
        current.trail.tracked(packet, frame.actions(), wants);
    }

    // ---- what actions call ----

    /** {@return a key without conntrack fields that the caller may use until the next call} */
    long[] scratchKey() {
        Arrays.fill(scratch, Key.CT, Key.HEADERS, 0);
        return scratch;
    }

    /** {@return the frame's packet, whose bytes may be changed} */
    Packet writable(final Frame frame) {
        return writable(frame, true);
    }

    private Packet writable(final Frame frame, final boolean changes) {
        if (changes && frame.sent) {
            frame.packet = copy(frame.packet);
            frame.sent = false;
        }
        return frame.packet;
    }

    private Packet copy(final Packet packet) {
        final Packet copy = sparePackets.isEmpty() ? new Packet(Math.max(packet.length(), 2048))
            : sparePackets.remove(sparePackets.size() - 1);
        copy.set(packet.data(), packet.offset(), packet.length());
        copy.inPort(packet.inPort());
        copy.timestampNs(packet.timestampNs());
        copy.l3Checksum(packet.l3Checksum());
        copy.l4Checksum(packet.l4Checksum());
        copy.segmentSize(packet.segmentSize());
        copy.copyConntrack(packet);
        copy.ctConnection(packet.ctConnection(), packet.ctReply(), packet.ctRelated());
        copies.add(copy);
        return copy;
    }

    /** Writes what the frame's key holds for a field into its packet. */
    void write(final Frame frame, final Field field) {
        HeaderWriter.write(writable(frame), frame.key, field);
        if (current.trail != null) {
            current.trail.wrote(field);
        }
    }

    /** Notes that actions to come are skipped for what this packet alone has. */
    void endsEarly() {
        if (current.trail != null) {
            current.trail.pass();
        }
    }

    private Rule find(final Frame frame, final int table) {
        final Rule rule = state.tables().find(table, frame.key);
        if (current.watched) {
            lookedUp(frame, table, rule);
        }
        return rule;
    }

    /** Looks the frame up in a table and puts the actions of the flow on its stack. */
    private void enter(final Frame frame, final int table) {
        final Rule rule = find(frame, table);
        if (rule == null) {
            unmatched++;
            return;
        }
        countRule(rule, frame.packet.length());
        frame.push(rule.actions, table, Key.inPort(frame.key));
    }

    void jump(final Frame frame, final int table) {
        if (mayGoDeeper(frame)) {
            enter(frame, table);
        }
    }

    /** {@return whether the frame may go on} */
    boolean resubmit(final Frame frame, final int port, final int table, final boolean original) {
        if (!mayGoDeeper(frame)) {
            return false;
        }
        final int inPort = Key.inPort(frame.key);
        if (port != Resubmit.SAME) {
            Key.inPort(frame.key, port);
        }
        final Rule rule = original ? findByOriginal(frame, table) : find(frame, table);
        if (rule == null) {
            Key.inPort(frame.key, inPort);
        } else {
            countRule(rule, frame.packet.length());
            frame.push(rule.actions, table, inPort);
        }
        return true;
    }

    private Rule findByOriginal(final Frame frame, final int table) {
        final long[] key = frame.key;
        if (Key.ctProtocol(key) == 0) {
            return null;
        }
        final long v4 = key[Key.V4];
        final long transport = key[Key.TRANSPORT];
        System.arraycopy(key, Key.V6_SOURCE, scratch, Key.V6_SOURCE, 4);
        key[Key.V4] = key[Key.CT_V4];
        System.arraycopy(key, Key.CT_V6_SOURCE, key, Key.V6_SOURCE, 4);
        key[Key.TRANSPORT] = (long) Key.ctProtocol(key) << 56 | transport & 0x00ffffff00000000L
            | key[Key.CT_PORTS] >>> 32;
        final Rule rule = find(frame, table);
        key[Key.V4] = v4;
        key[Key.TRANSPORT] = transport;
        System.arraycopy(scratch, Key.V6_SOURCE, key, Key.V6_SOURCE, 4);
        return rule;
    }

    private boolean mayGoDeeper(final Frame frame) {
        if (frame.depth() < MAX_DEPTH && frame.countResubmit() <= MAX_RESUBMITS) {
            return true;
        }
        abandon(frame);
        return false;
    }

    /** Drops a packet that goes in circles, and all that was to be sent of it. */
    private void abandon(final Frame frame) {
        frame.abandon();
        outbox.drop(current);
        if (current.trail != null) {
            current.trail.block("goes round in circles", null);
        }
        if (!current.dropped) {
            current.dropped = true;
            tooDeep++;
        }
    }

    void send(final Frame frame, final int port) {
        final PortEntry entry = state.ports().get(port);
        if (entry == null) {
            lost++;
        } else {
            send(frame, entry);
        }
    }

    private void send(final Frame frame, final PortEntry entry) {
        frame.sent = true;
        if (current.trail != null) {
            current.trail.sent(frame.packet, entry, frame.actions());
        }
        outbox.add(current, frame.packet, entry);
    }

    /** Sends the packet to every port but the one it came in by. */
    void flood(final Frame frame) {
        final int inPort = Key.inPort(frame.key);
        for (final PortEntry entry : state.ports().array) {
            if (entry.number != inPort) {
                send(frame, entry);
            }
        }
    }

    /** Does what a learning switch does. Learning is in the order of arrival: a packet waits for those before it. */
    Action.Next normal(final Frame frame) {
        if (!next.isEmpty()) {
            frame.repeat();
            frame.waitFor(null, null);
            return Action.Next.WAIT;
        }
        final long mac = frame.key[Key.ETH_DESTINATION] >>> 16;
        final int vlan = (int) frame.key[Key.ETH_SOURCE] & 0xfff;
        final int inPort = Key.inPort(frame.key);
        final long source = MacTable.address(vlan, frame.key[Key.ETH_SOURCE] >>> 16);
        if (inPort != Key.NO_PORT && datapath.macs.learn(source, inPort, nowNs)) {
            datapath.offers.learned(source);
        }
        // Frames to 01-80-C2-00-00-0x are for the bridge itself and never forwarded (IEEE 802.1D).
        if (mac >>> 4 == 0x0180c200000L) {
            return Action.Next.GO_ON;
        }
        final long destination = MacTable.address(vlan, mac);
        final int port = MacTable.isMulticast(mac) ? MacTable.UNKNOWN : datapath.macs.find(destination, nowNs);
        if (current.trail != null) {
            current.trail.switched(source, inPort, destination, port);
            if (port == MacTable.UNKNOWN) {
                current.trail.block("has not learned where it goes", frame.actions());
            }
        }
        if (port == MacTable.UNKNOWN) {
            flood(frame);
        } else if (port != inPort) {
            send(frame, port);
        }
        return Action.Next.GO_ON;
    }

    // ---- counters ----

    private void countRule(final Rule rule, final int bytes) {
        if (rule != lastRule) {
            if (lastRule != null) {
                lastRule.count(rulePackets, ruleBytes);
            }
            lastRule = rule;
            rulePackets = 0;
            ruleBytes = 0;
        }
        rulePackets++;
        ruleBytes += bytes;
    }
}

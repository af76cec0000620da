// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import org.trackway.packet.FastPath.Egress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * The part of the card that packets pass. Paths are added and removed by one thread at a time; packet threads find them
 * without locks, wait for nobody and allocate nothing.
 */
final class Forwarder {

    /** Is told what packet threads find out. Must not block. */
    interface Reports {

        /** A FIN or RST has come, which went to software; so do the path's packets from now on. */
        void closing(PathEntry entry);

        /** The port where the path leaves is not there; its packets go to software from now on. */
        void noEgress(PathEntry entry);
    }

    private static final int SCRATCHES = 16;

    private final Map<PathMatch, PathEntry> paths = new ConcurrentHashMap<>();
    private final Gate gate = new Gate();
    private final AtomicReferenceArray<Scratch> scratches = new AtomicReferenceArray<>(SCRATCHES);
    private final LongSupplier clock;
    private final Reports reports;

    Forwarder(final LongSupplier clock, final Reports reports) {
        this.clock = clock;
        this.reports = reports;
    }

    /** {@return whether it was added; not if there is another one for the same packets} */
    boolean add(final PathEntry entry) {
        return paths.putIfAbsent(entry.match, entry) == null;
    }

    /** Removes paths. When this returns no packet passes on them any more. */
    void remove(final Collection<PathEntry> entries) {
        entries.forEach(entry -> paths.remove(entry.match, entry));
        gate.await();
    }

    /** Takes what has a path out of a batch and sends it; see {@link org.trackway.packet.FastPath#forward}. */
    void forward(final Port in, final PacketBatch batch, final Egress egress) {
        if (paths.isEmpty() || !gate.enter()) {
            return;
        }
        try {
            final int slot = (int) Thread.currentThread().getId() & SCRATCHES - 1;
            final Scratch known = scratches.getAndSet(slot, null);
            final Scratch scratch = known == null ? new Scratch() : known;
            take(in.name(), batch, scratch);
            if (scratch.size > 0) {
                send(scratch, egress, clock.getAsLong());
                scratch.clear();
            }
            scratches.set(slot, scratch);
        } finally {
            gate.leave();
        }
    }

    private void take(final String port, final PacketBatch batch, final Scratch scratch) {
        int kept = 0;
        for (int i = 0; i < batch.size(); i++) {
            final Packet packet = batch.get(i);
            final PathEntry entry = find(port, packet, scratch.match);
            if (entry == null) {
                batch.set(kept++, packet);
            } else {
                scratch.add(packet, entry);
            }
        }
        batch.truncate(kept);
    }

    private PathEntry find(final String port, final Packet packet, final PathMatch match) {
        final int kind = match.read(port, packet);
        final PathEntry entry = kind == PathMatch.OTHER ? null : paths.get(match);
        if (entry == null || entry.isOff() || !entry.match.comesFrom(packet)) {
            return null;
        }
        if (kind == PathMatch.CLOSING) {
            if (entry.turnOff()) {
                reports.closing(entry);
            }
            return null;
        }
        return entry.rewrite.suffices(packet) ? entry : null;
    }

    private void send(final Scratch scratch, final Egress egress, final long nowNs) {
        int from = 0;
        for (int i = 0; i < scratch.size; i++) {
            final String port = scratch.entries[i].path.egress();
            scratch.entries[i].rewrite.apply(scratch.packets[i]);
            scratch.run.add(scratch.packets[i]);
            if (i + 1 == scratch.size || !port.equals(scratch.entries[i + 1].path.egress())) {
                final boolean sent = egress.send(port, scratch.run);
                for (; from <= i; from++) {
                    if (sent) {
                        scratch.entries[from].passed(scratch.sizes[from], nowNs);
                    } else if (scratch.entries[from].turnOff()) {
                        reports.noEgress(scratch.entries[from]);
                    }
                }
                scratch.run.clear();
            }
        }
    }

    /** What one thread needs for one batch. */
    private static final class Scratch {
        private final PathMatch match = new PathMatch();
        private final PacketBatch run = new PacketBatch();
        private Packet[] packets = new Packet[PacketBatch.BURST];
        private PathEntry[] entries = new PathEntry[PacketBatch.BURST];
        private int[] sizes = new int[PacketBatch.BURST];
        private int size;

        void add(final Packet packet, final PathEntry entry) {
            if (size == packets.length) {
                packets = Arrays.copyOf(packets, 2 * size);
                entries = Arrays.copyOf(entries, 2 * size);
                sizes = Arrays.copyOf(sizes, 2 * size);
            }
            packets[size] = packet;
            entries[size] = entry;
            sizes[size++] = packet.l3Length();
        }

        void clear() {
            Arrays.fill(packets, 0, size, null);
            Arrays.fill(entries, 0, size, null);
            size = 0;
        }
    }
}

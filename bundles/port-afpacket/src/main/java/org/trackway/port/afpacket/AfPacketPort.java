// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.LinuxInterface;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.Drops.Reason;

/**
 * A port on a Linux network interface. While the interface is down nothing is received and what is sent is dropped;
 * when it is up again the port goes on. When the interface is removed the port fails.
 *
 * <p>Receiving and sending hold a lock of their own each, which nobody contends for but {@link #close}: the memory that
 * they work on must not be unmapped under them.
 */
final class AfPacketPort implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(AfPacketPort.class);

    private static final int FRAME = 2048;
    /** So long may {@link #close} have to wait. */
    private static final int MAX_WAIT_MS = 100;
    private static final int ADDRESSES = 12;
    private static final int TAG = 4;
    /** How often the interface is looked at, and how often drops are spoken of. */
    private static final long LOOK_NS = 50_000_000;
    private static final long REPORT_NS = 10_000_000_000L;

    private final String name;
    private final String networkInterface;
    private final Object receiving = new Object();
    private final Object sending = new Object();
    /** Guards questions to the socket, which any thread may lead to. */
    private final PacketSocket socket;
    private final Ring ring;
    private final Transmitter transmitter;
    private final Drops drops = new Drops();
    private final NativeMemory awaited = NativeMemory.allocate(8);
    private final Packet[] pool = new Packet[PacketBatch.BURST];

    private long lookedNs = System.nanoTime();
    private long reportedNs = lookedNs - REPORT_NS;
    private long reportedDrops;
    private volatile int mtu;
    private volatile IOException failure;
    private volatile boolean closed;

    // Each is written by one thread, that which receives or that which sends.
    private volatile long receivedPackets;
    private volatile long receivedBytes;
    private volatile long sentPackets;
    private volatile long sentBytes;

    /** Takes over a socket and closes it when it is closed itself. */
    AfPacketPort(final String name, final PacketSocket socket, final PortOptions options) throws IOException {
        this.name = name;
        this.socket = socket;
        networkInterface = options.networkInterface();
        ring = socket.ring();
        transmitter = new Transmitter(socket.descriptor(), drops);
        mtu = socket.mtu();
        awaited.buffer().putInt(0, socket.descriptor()).putShort(4, LibC.POLLIN);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return AfPacketPortFactory.KIND;
    }

    @Override
    public Optional<LinuxInterface> linuxInterface() {
        synchronized (socket) {
            try {
                return closed ? Optional.empty() : Optional.of(socket.linuxInterface());
            } catch (final IOException gone) {
                return Optional.empty();
            }
        }
    }

    @Override
    public int receive(final PacketBatch batch) throws IOException {
        synchronized (receiving) {
            if (closed) {
                return -1;
            }
            int count = 0;
            long bytes = 0;
            while (count < PacketBatch.BURST && ring.next()) {
                final Packet packet = free(count);
                final boolean whole = load(packet);
                ring.release();
                if (whole) {
                    packet.inPort(this);
                    batch.add(packet);
                    bytes += packet.length();
                    count++;
                }
            }
            if (count > 0) {
                receivedPackets += count;
                receivedBytes += bytes;
            }
            final long now = System.nanoTime();
            if (now - lookedNs > LOOK_NS) {
                lookedNs = now;
                look(now);
            }
            if (count == 0 && failure != null) {
                throw failure;
            }
            return count;
        }
    }

    @Override
    public void await(final long nanoseconds) {
        synchronized (receiving) {
            if (!closed) {
                final int milliseconds = (int) Math.min(MAX_WAIT_MS, Math.max(1, nanoseconds / 1_000_000));
                LibC.poll(awaited.address(), 1, milliseconds);
                if ((awaited.buffer().getShort(6) & LibC.POLLERR) != 0) {
                    // The interface went down; until somebody asks about it, every poll returns at once.
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }

    /** The packet of an earlier receive, unless somebody kept it; with room for the frame that the ring is at. */
    private Packet free(final int index) {
        Packet packet = pool[index];
        final int room = ring.length + TAG;
        if (packet == null || packet.isKept() || packet.data().length < Packet.HEADROOM + room) {
            packet = new Packet(Math.max(FRAME, room));
            pool[index] = packet;
        }
        return packet;
    }

    /** Fills a packet with the frame that the ring is at. {@return whether it is there as a whole} */
    private boolean load(final Packet packet) {
        final ByteBuffer buffer = ring.frame();
        if (buffer == null) {
            drops.add(Reason.CUT_SHORT, 1);
            return false;
        }
        final int at = ring.at;
        final int length = ring.length;
        final byte[] data = packet.data();
        int moved = 0;
        if ((ring.status & Ring.STATUS_VLAN) != 0 && length >= ADDRESSES) {
            // The kernel took the tag out; it comes back to where it was.
            moved = TAG;
            buffer.get(at, data, Packet.HEADROOM, ADDRESSES);
            Bytes.put16(data, Packet.HEADROOM + ADDRESSES,
                (ring.status & Ring.STATUS_VLAN_TYPE) != 0 ? ring.tagType : EtherType.VLAN);
            Bytes.put16(data, Packet.HEADROOM + ADDRESSES + 2, ring.tci);
            buffer.get(at + ADDRESSES, data, Packet.HEADROOM + ADDRESSES + TAG, length - ADDRESSES);
        } else {
            buffer.get(at, data, Packet.HEADROOM, length);
        }
        packet.received(Packet.HEADROOM, length + moved);
        packet.timestampNs(ring.timestampNs);
        if (!VirtioHeader.read(buffer, at - VirtioHeader.SIZE, packet, moved)) {
            drops.add(Reason.ODD_SEGMENT, 1);
            return false;
        }
        return true;
    }

    /** Looks whether the interface is still there and what its MTU is now, and speaks of new drops. */
    private void look(final long now) {
        synchronized (socket) {
            if (socket.pendingError() == LibC.ENETDOWN) {
                LOG.info("Port {}: {} went down", name, networkInterface);
            }
            if (!socket.isThere()) {
                failure = new IOException(networkInterface + ": the interface was removed");
                return;
            }
            try {
                mtu = socket.mtu();
            } catch (final IOException renamed) {
                // The socket stays with the interface whatever it is called; its MTU stays what it was last.
                LOG.debug("Port {}", name, renamed);
            }
            drops.add(Reason.RING_FULL, socket.overruns());
        }
        if (now - reportedNs >= REPORT_NS && drops.total() != reportedDrops) {
            reportedNs = now;
            reportedDrops = drops.total();
            LOG.warn("Port {} has dropped {} packets: {}", name, reportedDrops, drops);
        }
    }

    @Override
    public void send(final PacketBatch batch) throws IOException {
        synchronized (sending) {
            if (closed) {
                throw new IOException(networkInterface + ": the port was closed");
            }
            final boolean there = transmitter.send(batch, mtu);
            sentPackets = transmitter.packets;
            sentBytes = transmitter.bytes;
            if (!there) {
                throw new IOException(networkInterface + ": the interface was removed");
            }
        }
    }

    @Override
    public Statistics statistics() {
        synchronized (socket) {
            if (!closed) {
                drops.add(Reason.RING_FULL, socket.overruns());
            }
        }
        return new Statistics(receivedPackets, receivedBytes, sentPackets, sentBytes, drops.total());
    }

    /** {@return what was dropped and why} */
    Drops drops() {
        return drops;
    }

    @Override
    public void close() {
        synchronized (receiving) {
            synchronized (sending) {
                synchronized (socket) {
                    if (!closed) {
                        drops.add(Reason.RING_FULL, socket.overruns());
                        closed = true;
                        socket.close();
                    }
                }
            }
        }
    }
}

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
import org.trackway.packet.Receiver;
import org.trackway.port.afpacket.Drops.Reason;

/**
 * What comes in by one socket of a port: all that arrives, or the part of one of several threads. Once the interface was
 * removed it fails; once it is closed nothing comes any more.
 *
 * <p>Receiving holds a lock that nobody contends for but {@link #close}: the ring must not be unmapped under it.
 * Questions to the socket, which any thread may lead to, hold another.
 */
final class Reception implements Receiver {

    private static final Logger LOG = LoggerFactory.getLogger(Reception.class);

    private static final int FRAME = 2048;
    /** So long may {@link #close} have to wait. */
    private static final int MAX_WAIT_MS = 100;
    private static final int ADDRESSES = 12;
    private static final int TAG = 4;
    /** How often the interface is looked at. */
    private static final long LOOK_NS = 50_000_000;

    private final AfPacketPort port;
    private final Object receiving = new Object();
    /** Guards questions to the socket. */
    private final PacketSocket socket;
    private final Ring ring;
    private final Drops drops;
    private final NativeMemory awaited = NativeMemory.allocate(8);
    private final Packet[] pool = new Packet[PacketBatch.BURST];

    private long lookedNs = System.nanoTime();
    private volatile int mtu;
    private volatile IOException failure;
    private volatile boolean closed;
    // Written by the thread that receives.
    private volatile long packets;
    private volatile long bytes;

    /** Takes over a socket and closes it when it is closed itself. */
    Reception(final AfPacketPort port, final PacketSocket socket, final Drops drops) throws IOException {
        this.port = port;
        this.socket = socket;
        this.drops = drops;
        ring = socket.ring();
        mtu = socket.mtu();
        awaited.buffer().putInt(0, socket.descriptor()).putShort(4, LibC.POLLIN);
    }

    /** {@return how many packets have come} */
    long packets() {
        return packets;
    }

    /** {@return their bytes} */
    long bytes() {
        return bytes;
    }

    /** {@return the interface's MTU as it was last} */
    int mtu() {
        return mtu;
    }

    /** {@return the interface, if it is still there} */
    Optional<LinuxInterface> linuxInterface() {
        synchronized (socket) {
            try {
                return closed ? Optional.empty() : Optional.of(socket.linuxInterface());
            } catch (final IOException gone) {
                return Optional.empty();
            }
        }
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public int receive(final PacketBatch batch) throws IOException {
        synchronized (receiving) {
            if (closed) {
                return -1;
            }
            int count = 0;
            long length = 0;
            while (count < PacketBatch.BURST && ring.next()) {
                final Packet packet = free(count);
                final boolean whole = load(packet);
                ring.release();
                if (whole) {
                    packet.inPort(port);
                    batch.add(packet);
                    length += packet.length();
                    count++;
                }
            }
            if (count > 0) {
                packets += count;
                bytes += length;
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
                LOG.info("Port {}: {} went down", port.name(), port.networkInterface());
            }
            if (!socket.isThere()) {
                failure = new IOException(port.networkInterface() + ": the interface was removed");
                return;
            }
            try {
                mtu = socket.mtu();
            } catch (final IOException renamed) {
                // The socket stays with the interface whatever it is called; its MTU stays what it was last.
                LOG.debug("Port {}", port.name(), renamed);
            }
        }
        countOverruns();
        drops.report(port.name(), now);
    }

    /** Adds the packets that the ring had no room for to the drops. */
    void countOverruns() {
        synchronized (socket) {
            if (!closed) {
                drops.add(Reason.RING_FULL, socket.overruns());
            }
        }
    }

    void close() {
        synchronized (receiving) {
            synchronized (socket) {
                countOverruns();
                if (!closed) {
                    closed = true;
                    socket.close();
                }
            }
        }
    }
}

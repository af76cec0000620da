// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.trackway.packet.LinuxInterface;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.Receiver;

/**
 * A port on a Linux network interface. While the interface is down nothing is received and what is sent is dropped;
 * when it is up again the port goes on. When the interface is removed the port fails.
 *
 * <p>Sending holds a lock, which nobody contends for but {@link #close}: the memory that it works on must not be
 * unmapped under it.
 */
final class AfPacketPort implements Port {

    private final String name;
    private final String networkInterface;
    private final Object sending = new Object();
    private final List<Reception> receptions = new ArrayList<>();
    private final Transmitter transmitter;
    private final Drops drops = new Drops();

    // Written by the thread that sends.
    private volatile long sentPackets;
    private volatile long sentBytes;

    /** Takes over sockets on one interface, at least one, and closes them when it is closed itself. */
    AfPacketPort(final String name, final List<PacketSocket> sockets, final PortOptions options) throws IOException {
        this.name = name;
        networkInterface = options.networkInterface();
        for (final PacketSocket socket : sockets) {
            receptions.add(new Reception(this, socket, drops));
        }
        transmitter = new Transmitter(sockets.get(0).descriptor(), drops);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return AfPacketPortFactory.KIND;
    }

    String networkInterface() {
        return networkInterface;
    }

    @Override
    public Optional<LinuxInterface> linuxInterface() {
        return first().linuxInterface();
    }

    boolean isClosed() {
        return first().isClosed();
    }

    private Reception first() {
        return receptions.get(0);
    }

    @Override
    public List<Receiver> receivers() {
        return List.copyOf(receptions);
    }

    @Override
    public int receive(final PacketBatch batch) throws IOException {
        return first().receive(batch);
    }

    @Override
    public void await(final long nanoseconds) {
        first().await(nanoseconds);
    }

    @Override
    public void send(final PacketBatch batch) throws IOException {
        synchronized (sending) {
            if (isClosed()) {
                throw new IOException(networkInterface + ": the port was closed");
            }
            final boolean there = transmitter.send(batch, first().mtu());
            sentPackets = transmitter.packets;
            sentBytes = transmitter.bytes;
            if (!there) {
                throw new IOException(networkInterface + ": the interface was removed");
            }
        }
    }

    @Override
    public Statistics statistics() {
        long packets = 0;
        long bytes = 0;
        for (final Reception reception : receptions) {
            reception.countOverruns();
            packets += reception.packets();
            bytes += reception.bytes();
        }
        return new Statistics(packets, bytes, sentPackets, sentBytes, drops.total());
    }

    /** {@return what was dropped and why} */
    Drops drops() {
        return drops;
    }

    @Override
    public void close() {
        synchronized (sending) {
            receptions.forEach(Reception::close);
        }
    }
}

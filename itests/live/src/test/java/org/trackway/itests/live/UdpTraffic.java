// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/** Packets of 60 bytes of many UDP connections, for Ethernet addresses that nobody has: no host wastes time with them. */
final class UdpTraffic {

    static final int FIRST_PORT = 10_000;

    private static final int PAYLOAD = 18;
    private static final String CLIENT_MAC = "02:00:00:00:00:01";
    private static final String SERVER_MAC = "02:00:00:00:00:02";

    private final List<PacketBatch> there = new ArrayList<>();
    private final List<PacketBatch> back = new ArrayList<>();
    private int next;

    /** Makes the packets of so many connections, a multiple of {@link PacketBatch#BURST}. */
    UdpTraffic(final String client, final String server, final int connections) {
        for (int i = 0; i < connections; i += PacketBatch.BURST) {
            final PacketBatch requests = new PacketBatch();
            final PacketBatch answers = new PacketBatch();
            for (int j = 0; j < PacketBatch.BURST; j++) {
                final Packets packet = packet(client, FIRST_PORT + i + j, server);
                requests.add(Packet.of(packet.bytes()));
                answers.add(Packet.of(packet.reverse().macs(SERVER_MAC, CLIENT_MAC).bytes()));
            }
            there.add(requests);
            back.add(answers);
        }
    }

    private static Packets packet(final String client, final int port, final String server) {
        return Packets.udp4(client, port, server, 9).payloadSize(PAYLOAD).macs(CLIENT_MAC, SERVER_MAC);
    }

    /** {@return a packet of the first connection} */
    static Packets packet(final String client, final String server) {
        return packet(client, FIRST_PORT, server);
    }

    /** Lets every connection say something once in both directions, which must arrive. */
    void establish(final Port client, final Port server) throws IOException {
        for (int i = 0; i < there.size(); i++) {
            exchange(client, there.get(i), server);
            exchange(server, back.get(i), client);
        }
    }

    private static void exchange(final Port from, final PacketBatch batch, final Port to) throws IOException {
        from.send(batch);
        final PacketBatch arrived = new PacketBatch();
        for (int count = 0; count < batch.size();) {
            arrived.clear();
            to.receive(arrived);
            for (int i = 0; i < arrived.size(); i++) {
                if (arrived.get(i).length() == batch.get(0).length()) {
                    count++;
                }
            }
            to.await(1_000_000);
        }
    }

    /** {@return the next burst from the client, in turn} */
    PacketBatch next() {
        next = next + 1 < there.size() ? next + 1 : 0;
        return there.get(next);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Random;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Packets of every protocol between so few hosts and ports that they meet each other's connections. */
final class RandomPackets {

    private static final String[] HOSTS = {"10.1.1.1", "10.1.1.2", "10.9.9.9"};
    private static final String[] HOSTS6 = {"fd00::1", "fd00::2", "fd00::9"};
    private static final String[] FLAGS = {"S", "S", "SA", "SA", "A", "A", "A", "PA", "FA", "FA", "R", "RA", "SF", "",
        "U", "SP"};

    private final Random random;

    RandomPackets(final Random random) {
        this.random = random;
    }

    private int port() {
        return random.nextInt(20) == 0 ? 0 : 1000 + random.nextInt(3);
    }

    private String host(final boolean v6) {
        return (v6 ? HOSTS6 : HOSTS)[random.nextInt(3)];
    }

    /** {@return a whole packet, an ICMP error about one now and then} */
    Packet next() {
        final boolean v6 = random.nextInt(3) == 0;
        final Packet packet = damaged(query(v6)).build();
        if (random.nextInt(6) != 0 || packet.l3Offset() == Packet.NO_LAYER && !packet.parse()) {
            return packet;
        }
        final String to = host(v6);
        return v6 ? Packets.icmp6Error(host(true), to, 1 + random.nextInt(4), 0, query(true).build()).build()
            : Packets.icmp4Error(host(false), to, random.nextBoolean() ? 3 : 11, 1, query(false).build()).build();
    }

    private Packets query(final boolean v6) {
        final String from = host(v6);
        final String to = host(v6);
        final int size = random.nextInt(3) * 7;
        switch (random.nextInt(8)) {
            case 0:
            case 1:
            case 2:
                return (v6 ? Packets.tcp6(from, port(), to, port()) : Packets.tcp4(from, port(), to, port()))
                    .flags(FLAGS[random.nextInt(FLAGS.length)]).seq(100 + random.nextInt(4))
                    .ack(100 + random.nextInt(4)).window(random.nextInt(2) * 500).payloadSize(size);
            case 3:
            case 4:
                return (v6 ? Packets.udp6(from, port(), to, port()) : Packets.udp4(from, port(), to, port()))
                    .payloadSize(size);
            case 5:
                return (v6 ? Packets.sctp6(from, port(), to, port()) : Packets.sctp4(from, port(), to, port()))
                    .chunk(1, 0, new byte[size]);
            case 6:
                return v6 ? Packets.icmp6(from, to, 128 + random.nextInt(2), 0).echo(1 + random.nextInt(2), 1)
                    : Packets.icmp4(from, to, new int[] {8, 0, 13, 14, 15, 16, 9}[random.nextInt(7)], 0)
                        .echo(1 + random.nextInt(2), 1);
            default:
                final int protocol = new int[] {99, IpProtocol.UDPLITE, 47}[random.nextInt(3)];
                return (v6 ? Packets.ip6(protocol, from, to) : Packets.ip4(protocol, from, to)).payload(new byte[16]);
        }
    }

    private Packets damaged(final Packets packet) {
        switch (random.nextInt(24)) {
            case 0:
                return packet.badChecksum();
            case 1:
                return packet.badIpChecksum();
            case 2:
                return packet.truncate(14 + random.nextInt(60));
            case 3:
                return packet.vlan(7).padding(5);
            default:
                return packet;
        }
    }
}

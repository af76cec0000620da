// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.util.HexFormat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/** Says in one line what a packet is, for whoever reads a failure. */
final class Describe {

    private static final String FLAGS = "FSRPAUEC";

    private Describe() {
    }

    static String packet(final byte[] frame) {
        final Packet packet = Packet.of(frame);
        packet.parse();
        if (packet.l4Offset() == Packet.NO_LAYER) {
            return "frame of " + frame.length + " bytes, no sound IP: "
                + HexFormat.of().formatHex(frame, 0, Math.min(frame.length, 60));
        }
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        final int l4 = packet.l4Offset();
        final int size = packet.l4Length();
        final boolean v6 = packet.etherType() == EtherType.IPV6;
        final StringBuilder text = new StringBuilder()
            .append(v6 ? address(data, l3 + 8, 16) : address(data, l3 + 12, 4)).append(" > ")
            .append(v6 ? address(data, l3 + 24, 16) : address(data, l3 + 16, 4)).append(' ');
        if (packet.fragment() != Packet.NOT_FRAGMENT) {
            text.append("fragment of ");
        }
        text.append(IpProtocol.name(packet.protocol()));
        if (packet.fragment() == Packet.LATER_FRAGMENT) {
            return text.append(", ").append(size).append(" bytes").toString();
        }
        switch (packet.protocol()) {
            case IpProtocol.TCP -> tcp(text, data, l4, size);
            case IpProtocol.UDP, IpProtocol.SCTP -> ports(text, data, l4, size);
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> {
                if (size >= 8) {
                    text.append(" type ").append(Bytes.u8(data, l4)).append(" code ").append(Bytes.u8(data, l4 + 1));
                }
            }
            default -> { }
        }
        return text.append(", ").append(size).append(" bytes").toString();
    }

    /** {@return addresses and ports of a frame that holds TCP or UDP} */
    static Tuple tuple(final byte[] frame) {
        final Packet packet = Packet.of(frame);
        packet.parse();
        final byte[] data = packet.data();
        final boolean v6 = packet.etherType() == EtherType.IPV6;
        final int addresses = packet.l3Offset() + (v6 ? 8 : 12);
        final int size = v6 ? 16 : 4;
        return Tuple.of(address(data, addresses, size), address(data, addresses + size, size), packet.protocol(),
            Bytes.u16(data, packet.l4Offset()), Bytes.u16(data, packet.l4Offset() + 2));
    }

    private static IpAddress address(final byte[] data, final int at, final int size) {
        return size == 4 ? IpAddress.v4(Bytes.i32(data, at))
            : IpAddress.v6(Bytes.i64(data, at), Bytes.i64(data, at + 8));
    }

    private static void ports(final StringBuilder text, final byte[] data, final int l4, final int size) {
        if (size >= 4) {
            text.append(' ').append(Bytes.u16(data, l4)).append(" > ").append(Bytes.u16(data, l4 + 2));
        }
    }

    private static void tcp(final StringBuilder text, final byte[] data, final int l4, final int size) {
        ports(text, data, l4, size);
        if (size >= 20) {
            text.append(' ');
            for (int i = 0; i < FLAGS.length(); i++) {
                if ((Bytes.u8(data, l4 + 13) >>> i & 1) != 0) {
                    text.append(FLAGS.charAt(i));
                }
            }
            text.append(" seq ").append(Integer.toUnsignedString(Bytes.i32(data, l4 + 4)))
                .append(" ack ").append(Integer.toUnsignedString(Bytes.i32(data, l4 + 8)))
                .append(" win ").append(Bytes.u16(data, l4 + 14));
        }
    }
}

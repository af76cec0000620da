// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * Says in one line what a packet is, for tests to compare. A checksum that is wrong is said, too, and so is what an
 * ICMP error quotes:
 *
 * <pre>
 * udp 10.1.1.1:1 > 10.1.1.2:2
 * tcp 10.1.1.1:1000 > 10.1.1.2:80 [SA]
 * icmp 10.1.1.2 > 10.1.1.1 3/3 about (udp 10.1.1.1:1 > 10.1.1.2:2)
 * icmp 10.1.1.1 > 10.1.1.2 8/0 id 5
 * udp 10.1.1.1 > 10.1.1.2 fragment at 1208
 * </pre>
 */
final class Wording {

    private static final String FLAGS = "FSRPAUEC";

    private final byte[] data;
    private final int l3;
    private final int end;
    private final boolean v6;
    private final boolean quoted;
    private final StringBuilder text = new StringBuilder();

    private Wording(final byte[] data, final int l3, final int end, final boolean quoted) {
        this.data = data;
        this.l3 = l3;
        this.end = end;
        this.quoted = quoted;
        v6 = data[l3] >>> 4 == 6;
    }

    static String of(final Packet packet) {
        packet.parse();
        if (packet.l4Offset() < 0) {
            return "frame of type 0x" + Integer.toHexString(packet.etherType());
        }
        final Wording wording = new Wording(packet.data(), packet.l3Offset(), packet.l3Offset() + packet.l3Length(),
            false);
        if (packet.vlanTags() > 0) {
            wording.text.append("vlan ").append(packet.vlanTci(packet.vlanTags() - 1) & 0xfff).append(' ');
        }
        return wording.describe();
    }

    /** {@return the text that a packet carries behind its TCP or UDP header} */
    static String payload(final Packet packet) {
        packet.parse();
        final int words = packet.data()[packet.l4Offset() + 12] >> 4 & 0xf;
        final int from = packet.l4Offset() + (packet.protocol() == IpProtocol.TCP ? words * 4 : 8);
        return new String(packet.data(), from, packet.l4Offset() + packet.l4Length() - from,
            StandardCharsets.ISO_8859_1);
    }

    /** {@return source address, source port, destination address and destination port of a TCP or UDP packet} */
    static List<String> ends(final Packet packet) {
        final Wording wording = new Wording(packet.data(), packet.l3Offset(), packet.l3Offset() + packet.l3Length(),
            false);
        final int l3 = packet.l3Offset();
        final int l4 = packet.l4Offset();
        return List.of(wording.address(l3 + (wording.v6 ? 8 : 12)).toString(),
            Integer.toString(Bytes.u16(packet.data(), l4)),
            wording.address(l3 + (wording.v6 ? 24 : 16)).toString(),
            Integer.toString(Bytes.u16(packet.data(), l4 + 2)));
    }

    private String describe() {
        final long walk = v6 ? Packet.walkIpv6(data, l3, end - l3) : 0;
        final int word = v6 ? 0 : Bytes.u16(data, l3 + 6);
        final int l4 = v6 ? (int) walk : l3 + (data[l3] & 0xf) * 4;
        final int fragment = v6 ? fragmentWord(l4) : (word & 0x1fff) << 3 | word >> 13 & 1;
        int protocol = v6 ? (int) (walk >>> 32) & 0xff : Bytes.u8(data, l3 + 9);
        if (protocol == IpProtocol.FRAGMENT) {
            protocol = Bytes.u8(data, l4 - 8);
        }
        text.append(IpProtocol.name(protocol)).append(' ');
        final boolean ports = protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.SCTP;
        if (ports && fragment >> 3 == 0) {
            text.append(address(l3 + (v6 ? 8 : 12))).append(':').append(Bytes.u16(data, l4)).append(" > ");
            text.append(address(l3 + (v6 ? 24 : 16))).append(':').append(Bytes.u16(data, l4 + 2));
        } else {
            text.append(address(l3 + (v6 ? 8 : 12))).append(" > ").append(address(l3 + (v6 ? 24 : 16)));
        }
        if (!v6 && Checksums.of(0, data, l3, l4 - l3) != 0) {
            text.append(" BAD IP CHECKSUM");
        }
        if (fragment != 0) {
            text.append(" fragment at ").append(fragment & ~7);
        } else {
            transport(protocol, l4);
        }
        return text.toString();
    }

    private int fragmentWord(final int l4) {
        int next = Bytes.u8(data, l3 + 6);
        int position = l3 + 40;
        while (position < l4) {
            if (next == IpProtocol.FRAGMENT) {
                return Bytes.u16(data, position + 2);
            }
            next = Bytes.u8(data, position);
            position += (Bytes.u8(data, position + 1) + 1) * 8;
        }
        return 0;
    }

    private void transport(final int protocol, final int l4) {
        switch (protocol) {
            case IpProtocol.TCP -> {
                text.append(" [").append(flags(Bytes.u8(data, l4 + 13))).append(']');
                checksum(protocol, l4, 16);
            }
            case IpProtocol.UDP -> checksum(protocol, l4, 6);
            case IpProtocol.SCTP -> {
                if (!quoted && Checksums.sctp(data, l4, end - l4) != Bytes.i32(data, l4 + 8)) {
                    text.append(" BAD CHECKSUM");
                }
            }
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> icmp(protocol, l4);
            default -> {
                // Nothing more is known of it.
            }
        }
    }

    private void icmp(final int protocol, final int l4) {
        final int type = Bytes.u8(data, l4);
        text.append(' ').append(type).append('/').append(Bytes.u8(data, l4 + 1));
        final boolean error = protocol == IpProtocol.ICMPV6 ? type < 128
            : List.of(3, 4, 5, 11, 12).contains(type);
        if (error) {
            text.append(" about (").append(new Wording(data, l4 + 8, end, true).describe()).append(')');
        } else {
            text.append(" id ").append(Bytes.u16(data, l4 + 4));
        }
        checksum(protocol, l4, 2);
    }

    /** Says so if the checksum is wrong; a quotation that was cut can't be checked. */
    private void checksum(final int protocol, final int l4, final int at) {
        final int length = length() - (l4 - l3);
        if (quoted && l4 + length > end || l4 + at + 2 > end
                || protocol == IpProtocol.UDP && !v6 && Bytes.u16(data, l4 + at) == 0) {
            return;
        }
        final long pseudo = protocol == IpProtocol.ICMP ? 0
            : v6 ? Checksums.pseudo6(data, l3 + 8, protocol, length)
            : Checksums.pseudo4(Bytes.i32(data, l3 + 12), Bytes.i32(data, l3 + 16), protocol, length);
        if (Checksums.of(pseudo, data, l4, length) != 0) {
            text.append(" BAD CHECKSUM");
        }
    }

    private int length() {
        return v6 ? 40 + Bytes.u16(data, l3 + 4) : Bytes.u16(data, l3 + 2);
    }

    private IpAddress address(final int at) {
        return v6 ? IpAddress.v6(Bytes.i64(data, at), Bytes.i64(data, at + 8)) : IpAddress.v4(Bytes.i32(data, at));
    }

    private static String flags(final int bits) {
        final StringBuilder names = new StringBuilder();
        for (int i = 1; i <= FLAGS.length(); i++) {
            final int bit = (i % FLAGS.length());
            if ((bits >> bit & 1) != 0) {
                names.append(FLAGS.charAt(bit));
            }
        }
        return names.toString();
    }
}

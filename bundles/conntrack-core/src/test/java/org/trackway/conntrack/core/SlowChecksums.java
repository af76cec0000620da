// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/** Judges every checksum of a packet byte by byte, with nothing in common with the code under test. */
final class SlowChecksums {

    private SlowChecksums() {
    }

    /** Fails unless all checksums are right, those of a quoted packet too as far as it is quoted. */
    static void assertRight(final Packet packet) {
        assertThat(packet.parse()).isTrue();
        assertRight(packet.data(), packet.l3Offset(), packet.l3Offset() + packet.l3Length());
    }

    /** {@return whether the transport checksum of a packet without extension headers is right} */
    static boolean transportIsRight(final Packet packet) {
        packet.parse();
        final int l3 = packet.l3Offset();
        return transportIsRight(packet.data(), l3, packet.l4Offset(), l3 + packet.l3Length(), packet.protocol(),
            l3 + 24);
    }

    /** {@return the one's complement sum of these bytes; 0xffff if they hold their own, right checksum} */
    static int sum(final byte[] data, final int from, final int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += (i - from) % 2 == 0 ? (data[i] & 0xff) << 8 : data[i] & 0xff;
            sum = sum > 0xffff ? sum - 0xffff : sum;
        }
        return sum;
    }

    private static void assertRight(final byte[] data, final int l3, final int end) {
        final boolean v6 = (data[l3] & 0xf0) == 0x60;
        final int l4;
        final int protocol;
        final int promised;
        if (v6) {
            int next = data[l3 + 6] & 0xff;
            int at = l3 + 40;
            while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
                final int header = next;
                next = data[at] & 0xff;
                at += header == 51 ? ((data[at + 1] & 0xff) + 2) * 4 : ((data[at + 1] & 0xff) + 1) * 8;
            }
            protocol = next;
            l4 = at;
            promised = l3 + 40 + word(data, l3 + 4);
        } else {
            l4 = l3 + (data[l3] & 0xf) * 4;
            protocol = data[l3 + 9] & 0xff;
            promised = l3 + word(data, l3 + 2);
            assertThat(sum(data, l3, l4)).as("sum over the IPv4 header").isEqualTo(0xffff);
        }
        if (promised <= end) {
            assertThat(transportIsRight(data, l3, l4, promised, protocol, l3 + 24))
                .as("checksum of protocol %d", protocol).isTrue();
        }
        if (protocol == IpProtocol.ICMP && (data[l4] == 3 || data[l4] == 11)
                || protocol == IpProtocol.ICMPV6 && data[l4] >= 0 && data[l4] <= 4) {
            assertRight(data, l4 + 8, end);
        }
    }

    /** {@return whether a transport checksum is right, taking the final destination from the given index} */
    static boolean transportIsRight(final byte[] data, final int l3, final int l4, final int end, final int protocol,
            final int destination6) {
        final boolean v6 = (data[l3] & 0xf0) == 0x60;
        if (protocol == IpProtocol.SCTP) {
            final int stored = word(data, l4 + 8) << 16 | word(data, l4 + 10);
            return Integer.reverseBytes(stored) == crc32c(data, l4, end);
        }
        if (protocol == IpProtocol.UDP && !v6 && word(data, l4 + 6) == 0) {
            return true;
        }
        long total = sum(data, l4, end);
        switch (protocol) {
            case IpProtocol.ICMP:
                break;
            case IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMPV6, IpProtocol.UDPLITE, IpProtocol.DCCP:
                total += protocol + end - l4;
                total += v6 ? sum(data, l3 + 8, l3 + 24) + sum(data, destination6, destination6 + 16)
                    : sum(data, l3 + 12, l3 + 20);
                break;
            default:
                return true;
        }
        return total % 0xffff == 0;
    }

    private static int word(final byte[] data, final int at) {
        return (data[at] & 0xff) << 8 | data[at + 1] & 0xff;
    }

    private static int crc32c(final byte[] data, final int from, final int to) {
        int crc = -1;
        for (int i = from; i < to; i++) {
            crc ^= i >= from + 8 && i < from + 12 ? 0 : data[i] & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
            }
        }
        return ~crc;
    }
}

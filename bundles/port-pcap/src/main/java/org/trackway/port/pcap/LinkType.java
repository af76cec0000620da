// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;

/** The link types that are read, by their numbers in capture files (tcpdump.org, LINKTYPE_ registry). */
enum LinkType {

    /** Frames as they are. */
    ETHERNET(1, 0),
    /** Linux cooked capture: what the device {@code any} gave before libpcap 1.10. */
    LINUX_COOKED_V1(113, 16),
    /** Linux cooked capture version 2. */
    LINUX_COOKED_V2(276, 20);

    private static final Map<Integer, String> NAMES = Map.ofEntries(
        Map.entry(0, "BSD loopback"), Map.entry(1, "Ethernet"), Map.entry(6, "Token Ring"), Map.entry(9, "PPP"),
        Map.entry(101, "raw IP"), Map.entry(104, "Cisco HDLC"), Map.entry(105, "IEEE 802.11"),
        Map.entry(108, "OpenBSD loopback"), Map.entry(113, "Linux cooked v1"), Map.entry(127, "IEEE 802.11 radiotap"),
        Map.entry(187, "Bluetooth HCI"), Map.entry(189, "USB"), Map.entry(195, "IEEE 802.15.4"),
        Map.entry(220, "USB, Linux padded"), Map.entry(228, "raw IPv4"), Map.entry(229, "raw IPv6"),
        Map.entry(239, "netfilter log"), Map.entry(249, "USBPcap"), Map.entry(253, "netlink"),
        Map.entry(276, "Linux cooked v2"));

    private static final int ETHERNET_HEADER = 14;

    private final int number;
    private final int header;

    LinkType(final int number, final int header) {
        this.number = number;
        this.header = header;
    }

    /** {@return the number it has in capture files} */
    int number() {
        return number;
    }

    /** {@return the type with this number, or null if it is not read} */
    static LinkType of(final int number) {
        for (final LinkType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return null;
    }

    /** {@return what to throw for a number that is not read} */
    static IOException unknown(final CaptureInput input, final String where, final int number) {
        return input.error(where + "link type " + describe(number) + " is not read; these are: "
            + Arrays.stream(values()).map(type -> describe(type.number)).collect(Collectors.joining(", ")));
    }

    private static String describe(final int number) {
        final String name = NAMES.get(number);
        return name == null ? Integer.toString(number) : number + " (" + name + ")";
    }

    /**
     * Copies what was captured into a packet as an Ethernet frame. A cooked header becomes an Ethernet header with an
     * unknown (zero) destination; bytes that don't even hold the cooked header become an empty frame. The bytes may be
     * overwritten.
     */
    void load(final Packet packet, final byte[] data, final int at, final int count) {
        if (this == ETHERNET) {
            packet.set(data, at, count);
            return;
        }
        if (count < header) {
            packet.set(data, at, 0);
            return;
        }
        // The Ethernet header is shorter: it is made of the cooked one where it ends.
        final int frame = at + header - ETHERNET_HEADER;
        if (this == LINUX_COOKED_V1) {
            System.arraycopy(data, at + 6, data, frame + 6, 6);
        } else {
            // The address already stands in the right place, 12 bytes into the cooked header.
            Bytes.put16(data, frame + 12, Bytes.u16(data, at));
        }
        Bytes.put32(data, frame, 0);
        Bytes.put16(data, frame + 4, 0);
        packet.set(data, frame, count - header + ETHERNET_HEADER);
    }
}

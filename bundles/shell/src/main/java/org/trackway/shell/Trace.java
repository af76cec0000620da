// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Locale;
import org.trackway.conntrack.CtState;
import org.trackway.datapath.PacketObserver;
import org.trackway.datapath.SeenPacket;

/** Prints one line a packet: on a terminal as it comes, else many at a time. Not thread-safe. */
final class Trace implements PacketObserver {

    /** How the lines look. */
    enum Style {
        /** For people: number, seconds since the first packet, tuple, ct_state and what else it carries. */
        LINES,
        /** For comparing: {@code number: bits}, as Open vSwitch's test-conntrack prints them. */
        ORACLE
    }

    private static final int PENDING = 16_384;
    private static final String[] ETHER_TYPES = {"0x0806 ARP", "0x86dd IPv6", "0x0800 IPv4", "0x88cc LLDP",
        "0x8847 MPLS", "0x8864 PPPoE", "0x8863 PPPoE"};

    private final Style style;
    private final Console console;
    private final StringBuilder pending = new StringBuilder();
    private long firstNs = Long.MIN_VALUE;

    Trace(final Style style, final Console console) {
        this.style = style;
        this.console = console;
    }

    @Override
    public void packet(final SeenPacket packet) {
        pending.append(line(packet)).append(System.lineSeparator());
        if (console.terminal() || pending.length() >= PENDING) {
            flush();
        }
    }

    /** Prints what is left. */
    void flush() {
        console.print(pending.toString());
        pending.setLength(0);
    }

    /** {@return the line of a packet; the first one starts the time} */
    String line(final SeenPacket packet) {
        final String states = switch (packet.fate()) {
            case UNTRACKED -> "-";
            case HELD -> "(held)";
            case TRACKED -> CtState.format(packet.ctState());
            case RELEASED -> CtState.format(packet.ctState()) + " (released)";
        };
        if (style == Style.ORACLE) {
            return packet.number() + ": " + states;
        }
        if (firstNs == Long.MIN_VALUE) {
            firstNs = packet.timestampNs();
        }
        final StringBuilder line = new StringBuilder(120);
        line.append(String.format(Locale.ROOT, "%6d %11.6f  ", packet.number(),
            (packet.timestampNs() - firstNs) / 1e9));
        line.append(packet.tuple().map(Endpoints::line).orElseGet(() -> frame(packet))).append("  ").append(states);
        line.append(packet.ctZone() == 0 ? "" : " zone=" + packet.ctZone());
        line.append(packet.ctMark() == 0 ? "" : " mark=0x" + Integer.toHexString(packet.ctMark()));
        return line.toString();
    }

    private static String frame(final SeenPacket packet) {
        if (packet.etherType() < 0) {
            return "frame of " + packet.length() + " bytes";
        }
        final String hex = String.format("0x%04x", packet.etherType());
        for (final String name : ETHER_TYPES) {
            if (name.startsWith(hex)) {
                return name.substring(hex.length() + 1) + " frame of " + packet.length() + " bytes";
            }
        }
        return hex + " frame of " + packet.length() + " bytes";
    }
}

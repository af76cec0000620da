// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes captures byte by byte, independently of what reads them. */
final class CaptureBytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private ByteOrder order;

    CaptureBytes(final ByteOrder order) {
        this.order = order;
    }

    /** A pcap file header. */
    static CaptureBytes pcap(final ByteOrder order, final int magic, final int linkType) {
        return new CaptureBytes(order).ints(magic).shorts(2, 4).ints(0, 0, 262144, linkType);
    }

    /** A little-endian Ethernet capture in microseconds, as tcpdump writes it. */
    static CaptureBytes pcap() {
        return pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 1);
    }

    CaptureBytes record(final int seconds, final int fraction, final byte[] packet) {
        return ints(seconds, fraction, packet.length, packet.length).bytes(packet);
    }

    CaptureBytes record(final byte[] packet) {
        return record(0, 0, packet);
    }

    /** A pcapng section header; its numbers and those of all that follows are in this byte order. */
    CaptureBytes section(final ByteOrder sectionOrder) {
        order = sectionOrder;
        return block(0x0a0d0d0a, body().ints(0x1a2b3c4d).shorts(1, 0).ints(-1, -1));
    }

    static CaptureBytes pcapng(final ByteOrder order) {
        return new CaptureBytes(order).section(order);
    }

    CaptureBytes describe(final int linkType, final int snapLength, final CaptureBytes options) {
        return block(1, body().shorts(linkType, 0).ints(snapLength).bytes(options.toBytes()));
    }

    CaptureBytes describe(final int linkType) {
        return describe(linkType, 0, body());
    }

    CaptureBytes enhanced(final int from, final long ticks, final byte[] packet) {
        return block(6, body().ints(from, (int) (ticks >>> 32), (int) ticks, packet.length, packet.length)
            .padded(packet));
    }

    CaptureBytes enhanced(final byte[] packet) {
        return enhanced(0, 0, packet);
    }

    CaptureBytes obsolete(final int from, final long ticks, final byte[] packet) {
        return block(2, body().shorts(from, 7).ints((int) (ticks >>> 32), (int) ticks, packet.length, packet.length)
            .padded(packet));
    }

    CaptureBytes simple(final int originalLength, final byte[] packet) {
        return block(3, body().ints(originalLength).padded(packet));
    }

    CaptureBytes block(final int type, final CaptureBytes body) {
        final int length = 12 + body.toBytes().length;
        return ints(type, length).bytes(body.toBytes()).ints(length);
    }

    CaptureBytes option(final int code, final byte... value) {
        return shorts(code, value.length).padded(value);
    }

    /** An empty piece in the same byte order, to be a body or options. */
    CaptureBytes body() {
        return new CaptureBytes(order);
    }

    CaptureBytes ints(final int... values) {
        for (final int value : values) {
            out.writeBytes(ByteBuffer.allocate(4).order(order).putInt(value).array());
        }
        return this;
    }

    CaptureBytes shorts(final int... values) {
        for (final int value : values) {
            out.writeBytes(ByteBuffer.allocate(2).order(order).putShort((short) value).array());
        }
        return this;
    }

    CaptureBytes bytes(final byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    CaptureBytes padded(final byte[] bytes) {
        out.writeBytes(bytes);
        out.writeBytes(new byte[-bytes.length & 3]);
        return this;
    }

    int size() {
        return out.size();
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}

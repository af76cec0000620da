// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import java.util.Arrays;
import org.trackway.conntrack.spi.ControlPacket;

/**
 * Finds the lines in one direction of a control connection, in whatever segments they come.
 *
 * <p>Bytes are followed by their sequence numbers. Several lines in a segment are read one after the other; of a line that
 * a segment breaks off, the start is kept if it may become one that matters, at most {@value #LIMIT} bytes. Segments that
 * come again are read again, which changes nothing, if they start at one of the last {@value #STARTS} line starts or in
 * the line that is kept. Where the start of a line is not known (a segment is missing, or an older one comes again in
 * other pieces), reading goes on behind the next line end. The first segment ever seen counts as the start of a line.
 */
final class LineReader {

    /** The longest part of a line that is looked at, in bytes. */
    static final int LIMIT = 512;
    private static final int STARTS = 8;
    private static final byte[] NOTHING = {};

    /** Where the stream stands at {@link #next}. */
    private enum Place { LINE_START, IN_KEPT_LINE, IN_OTHER_LINE }

    private final boolean commands;
    private final int[] starts = new int[STARTS];
    private int startCount;
    private int nextStart;
    private boolean seen;
    /** Number of the byte behind the furthest one read. */
    private int next;
    private Place place = Place.LINE_START;
    private int keptAt;
    private byte[] kept = NOTHING;

    /** Reads commands, or else replies. */
    LineReader(final boolean commands) {
        this.commands = commands;
    }

    /** Reads what a packet carries. */
    void read(final ControlPacket packet) {
        final int from = packet.sequence();
        if (packet.isStart() || !seen) {
            seen = true;
            next = from;
            place = Place.LINE_START;
            kept = NOTHING;
            startCount = 0;
        }
        final int length = packet.length();
        if (length == 0) {
            return;
        }
        int at = 0;
        int head = head(from);
        if (head < 0) {
            at = lineEnd(packet, 0);
            head = 0;
            if (at == length && packet.at(length - 1) != '\n') {
                advance(from + length, Place.IN_OTHER_LINE);
                return;
            }
        }
        Place end = Place.LINE_START;
        while (at < length) {
            if (head == 0) {
                starts[nextStart] = from + at;
                nextStart = (nextStart + 1) % STARTS;
                startCount = Math.min(startCount + 1, STARTS);
            }
            final int lineEnd = lineEnd(packet, at);
            final boolean ended = packet.at(lineEnd - 1) == '\n';
            final boolean keep = line(packet, at, lineEnd, head, ended);
            if (!ended) {
                end = keep ? Place.IN_KEPT_LINE : Place.IN_OTHER_LINE;
            }
            at = lineEnd;
            head = 0;
        }
        advance(from + length, end);
    }

    /** How many bytes of the line that the byte {@code from} belongs to came before and are kept; -1 if unknown. */
    private int head(final int from) {
        if (from == next) {
            return place == Place.LINE_START ? 0 : place == Place.IN_KEPT_LINE ? next - keptAt : -1;
        }
        for (int i = startCount - 1; i >= 0; i--) {
            if (starts[i] == from) {
                return 0;
            }
        }
        return from - keptAt > 0 && from - keptAt <= kept.length ? from - keptAt : -1;
    }

    /** The index behind the line end at or behind {@code from}, or the payload's length. */
    private static int lineEnd(final ControlPacket packet, final int from) {
        int at = from;
        while (at < packet.length() && packet.at(at) != '\n') {
            at++;
        }
        return Math.min(at + 1, packet.length());
    }

    private void advance(final int end, final Place there) {
        if (end - next > 0) {
            next = end;
            place = there;
        }
    }

    /** Reads one line; says whether its start is kept. */
    private boolean line(final ControlPacket packet, final int from, final int to, final int head, final boolean ended) {
        final int length = head + to - from;
        if (!matters(packet, from, length, head)) {
            return false;
        }
        final byte[] text = Arrays.copyOf(kept, head + Math.min(to - from, LIMIT - head));
        for (int i = head; i < text.length; i++) {
            text[i] = (byte) packet.at(from + i - head);
        }
        final boolean whole = text.length == length;
        FtpSession.follow(packet, FtpMessage.parse(text, ended && whole, packet.connection().v6()), from - head);
        // A line that comes again must not push out what the next segment continues.
        final boolean isNew = packet.sequence() + to - next > 0;
        if (head > 0 ? text.length > kept.length : !ended && (isNew || place != Place.IN_KEPT_LINE)) {
            keptAt = packet.sequence() + from - head;
            kept = text;
        }
        return whole;
    }

    /** Whether a line that begins so is a message, or may still become one. */
    private boolean matters(final ControlPacket packet, final int from, final int length, final int head) {
        for (final String keyword : commands ? FtpMessage.COMMANDS : FtpMessage.REPLIES) {
            final int size = Math.min(keyword.length(), length);
            int same = 0;
            while (same < size && keyword.charAt(same)
                    == FtpMessage.upper(same < head ? kept[same] : packet.at(from + same - head))) {
                same++;
            }
            if (same == size) {
                return true;
            }
        }
        return false;
    }
}

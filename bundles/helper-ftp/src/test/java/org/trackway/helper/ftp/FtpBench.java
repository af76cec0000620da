// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.conntrack.spi.HelperContext;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** One FTP control connection: says lines to the helper and takes down what it does. */
final class FtpBench {

    /** Whom the helper expects, as {@code source>destination:port}, in the order of the announcements. */
    final Set<String> expected = new LinkedHashSet<>();
    /** The last request as it came. */
    ControlPacket.Request request;
    /** Whether the last packet was refused. */
    boolean refused;
    /** Failures that the helper told of. */
    int failures;

    private final FtpHelper helper = new FtpHelper();
    private final Tuple original;
    private final Tuple reply;
    private final Map<Long, Object> values = new HashMap<>();
    private final int[] next = {1000, 500_000};

    private FtpBench(final Tuple original, final Tuple reply) {
        this.original = original;
        this.reply = reply;
    }

    /** A connection from client to server port 21 that the server sees coming from and going to other addresses. */
    static FtpBench between(final String client, final String server, final String clientSeen, final String serverSeen) {
        return new FtpBench(tuple(client, 34567, server, 21), tuple(serverSeen, 21, clientSeen, 34567));
    }

    /** A connection that was picked up by a packet of the server. */
    static FtpBench pickedUp(final String client, final String server) {
        return new FtpBench(tuple(server, 21, client, 34567), tuple(client, 34567, server, 21));
    }

    static FtpBench plain() {
        return between("10.1.1.1", "10.1.1.2", "10.1.1.1", "10.1.1.2");
    }

    static FtpBench sourceNat() {
        return between("10.1.1.1", "10.1.1.2", "10.1.1.240", "10.1.1.2");
    }

    static FtpBench destinationNat() {
        return between("10.1.1.1", "10.1.1.64", "10.1.1.1", "10.1.1.2");
    }

    static FtpBench plain6() {
        return between("fc00::1", "fc00::2", "fc00::1", "fc00::2");
    }

    private static Tuple tuple(final String from, final int fromPort, final String to, final int toPort) {
        return new Tuple(IpAddress.parse(from), IpAddress.parse(to), IpProtocol.TCP, fromPort, toPort, 0);
    }

    /** The client says the next bytes; the answer is what leaves. */
    String client(final String text) {
        return say(false, text);
    }

    /** The server says the next bytes; the answer is what leaves. */
    String server(final String text) {
        return say(true, text);
    }

    private String say(final boolean isReply, final String text) {
        final int side = isReply ? 1 : 0;
        final int at = next[side];
        next[side] += text.length();
        return at(isReply, at, text);
    }

    /** {@return the number of the next byte of a side} */
    int next(final boolean isReply) {
        return next[isReply ? 1 : 0];
    }

    /** Leaves bytes out, as if their segment went another way. */
    void lose(final boolean isReply, final int count) {
        next[isReply ? 1 : 0] += count;
    }

    /** A segment with a number of its own. */
    String at(final boolean isReply, final int sequence, final String text) {
        final Segment segment = new Segment(isReply, sequence, text);
        refused = false;
        helper.control(segment);
        return segment.rewritten();
    }

    private final class Segment implements ControlPacket, ConnectionView, HelperContext {
        private final boolean isReply;
        private final int sequence;
        private final byte[] text;
        private final List<Runnable> replacements = new ArrayList<>();
        private String out;

        Segment(final boolean isReply, final int sequence, final String text) {
            this.isReply = isReply;
            this.sequence = sequence;
            this.text = text.getBytes(StandardCharsets.ISO_8859_1);
            out = text;
        }

        String rewritten() {
            for (int i = replacements.size() - 1; i >= 0; i--) {
                replacements.get(i).run();
            }
            return out;
        }

        @Override
        public void replace(final int index, final int count, final byte[] by) {
            if (!isTranslated() || count < 1 || index < 0 || index + count > text.length) {
                throw new IllegalStateException();
            }
            replacements.add(() -> out = out.substring(0, index) + new String(by, StandardCharsets.ISO_8859_1)
                + out.substring(index + count));
        }

        @Override
        public void expect(final Request wanted) {
            request = wanted;
            expected.add(wanted.source() + ">" + wanted.destination() + ":" + wanted.destinationPort());
        }

        @Override
        public void refuse() {
            refused = true;
        }

        @Override
        public void fail() {
            failures++;
        }

        @Override
        public ConnectionView connection() {
            return this;
        }

        @Override
        public Tuple original() {
            return original;
        }

        @Override
        public Tuple reply() {
            return reply;
        }

        @Override
        public boolean isReply() {
            return isReply;
        }

        @Override
        public boolean isTranslated() {
            return !original.source().equals(reply.destination()) || !original.destination().equals(reply.source());
        }

        @Override
        public HelperContext context() {
            return this;
        }

        @Override
        public int length() {
            return text.length;
        }

        @Override
        public int at(final int index) {
            return text[index] & 0xff;
        }

        @Override
        public int sequence() {
            return sequence;
        }

        @Override
        public boolean isStart() {
            return false;
        }

        @Override
        public <T> ConnectionSlot<T> slot(final Class<T> type) {
            return new ConnectionSlot<>() {
                @Override
                public String name() {
                    return "sessions";
                }

                @Override
                public T get(final long id) {
                    return type.cast(values.get(id));
                }

                @Override
                public boolean set(final long id, final T value) {
                    values.put(id, value);
                    return true;
                }

                @Override
                public void close() {
                    values.clear();
                }
            };
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public int zone() {
            return 0;
        }

        @Override
        public int protocol() {
            return IpProtocol.TCP;
        }

        @Override
        public boolean v6() {
            return original.source().v6();
        }

        @Override
        public int mark() {
            return 0;
        }

        @Override
        public String helper() {
            return "ftp";
        }

        @Override
        public boolean isHeld() {
            return false;
        }

        @Override
        public Connection snapshot() {
            throw new UnsupportedOperationException();
        }
    }
}

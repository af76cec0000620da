// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import java.util.Arrays;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpProtocol;

/**
 * What many clients and a server say to each other, packet by packet: a TCP conversation begins with its handshake,
 * every segment has the sequence numbers and acknowledgements it must have, and one that ends does so with FINs from
 * both sides. A conversation is a number, the packets of each are numbered from 0, and everything else follows from
 * these.
 */
final class Script {

    /** What is spoken, by which server port. */
    enum Kind {
        TCP(IpProtocol.TCP, 80),
        UDP(IpProtocol.UDP, 53),
        /** Leaves with {@link #OUTSIDE} as its source. */
        TRANSLATED(IpProtocol.UDP, 4000);

        private final int protocol;
        private final int serverPort;

        Kind(final int protocol, final int serverPort) {
            this.protocol = protocol;
            this.serverPort = serverPort;
        }
    }

    /** Clients have ports from here on, each his own, which a translation leaves alone. */
    static final int FIRST_PORT = 10_000;
    static final int MAX_FRAME = 14 + 20 + 20 + 256;

    private static final int SERVER = 0x0ac8_0001;
    private static final int OUTSIDE = 0x0a08_0001;
    private static final int CLIENTS = 0x0a10_0000;
    private static final int GENERATIONS = 180;
    private static final int QUESTION = 64;
    private static final int REPLY = 256;
    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int PSH = 8;
    private static final int ACK = 16;

    private final int end;
    private final boolean translates;

    /**
     * Writes a script.
     *
     * @param end        the odd number of the packet that begins the end of a conversation, a little later in some of
     *                   them; 0 if they go on for ever
     * @param translates whether a quarter of the conversations is translated
     */
    Script(final int end, final boolean translates) {
        this.end = end;
        this.translates = translates;
    }

    Kind kind(final int conversation) {
        return switch (conversation & 3) {
            case 0, 1 -> Kind.TCP;
            case 2 -> Kind.UDP;
            default -> translates ? Kind.TRANSLATED : Kind.UDP;
        };
    }

    /** {@return the conversation that a frame belongs to, by the client's port} */
    static int conversation(final byte[] data, final int offset, final boolean fromClient) {
        return Bytes.u16(data, offset + (fromClient ? 34 : 36)) - FIRST_PORT;
    }

    /** {@return whether the client sends this packet} */
    boolean fromClient(final int conversation, final int step) {
        return kind(conversation) == Kind.TCP ? (step & 1) != 0 && step != 1 || step == 0 || step == 2
            : (step & 1) == 0;
    }

    /** {@return the packet that begins its end: not the same for all, lest all begin at the same time} */
    private int end(final int conversation) {
        return end == 0 ? Integer.MAX_VALUE : end + 2 * (conversation / 4 % 16);
    }

    /** {@return whether a conversation is over with this packet} */
    boolean isLast(final int conversation, final int step) {
        return step - (kind(conversation) == Kind.TCP ? 2 : 0) == end(conversation);
    }

    /** {@return how many of the packets before this one came from the client} */
    long clientPackets(final int conversation, final int steps) {
        long packets = 0;
        if (kind(conversation) != Kind.TCP) {
            return (steps + 1) / 2;
        }
        for (int step = 0; step < Math.min(steps, 3); step++) {
            packets += fromClient(conversation, step) ? 1 : 0;
        }
        return packets + Math.max(0, steps - 2) / 2;
    }

    /** {@return the source address of a client; another one for each conversation that he has} */
    static int client(final int conversation, final int generation) {
        return CLIENTS + (generation % GENERATIONS << 16) + conversation;
    }

    /**
     * Writes a packet.
     *
     * @param frame   where to, {@link #MAX_FRAME} bytes
     * @param outside whether as it is on the servers' side
     * @return its length
     */
    int write(final byte[] frame, final int conversation, final int generation, final int step, final boolean outside) {
        final Kind kind = kind(conversation);
        final boolean asked = fromClient(conversation, step);
        final int client = outside && kind == Kind.TRANSLATED ? OUTSIDE : client(conversation, generation);
        final int clientPort = FIRST_PORT + conversation;
        final int header = kind == Kind.TCP ? 20 : 8;
        final int payload = kind != Kind.TCP || isData(conversation, step) ? asked ? QUESTION : REPLY : 0;
        final int size = header + payload;
        Arrays.fill(frame, 0, 34 + size, (byte) 0);
        Bytes.put32(frame, 0, asked ? 0x0200_0002 : 0x0200_0001);
        Bytes.put32(frame, 6, asked ? 0x0200_0001 : 0x0200_0002);
        Bytes.put16(frame, 12, 0x0800);
        Bytes.put16(frame, 14, 0x4500);
        Bytes.put16(frame, 16, 20 + size);
        Bytes.put16(frame, 18, step);
        Bytes.put8(frame, 22, 64);
        Bytes.put8(frame, 23, kind.protocol);
        Bytes.put32(frame, 26, asked ? client : SERVER);
        Bytes.put32(frame, 30, asked ? SERVER : client);
        Bytes.put16(frame, 24, Checksums.of(0, frame, 14, 20));
        Bytes.put16(frame, 34, asked ? clientPort : kind.serverPort);
        Bytes.put16(frame, 36, asked ? kind.serverPort : clientPort);
        for (int i = 0; i < payload; i += 8) {
            Bytes.put32(frame, 34 + header + i, conversation);
            Bytes.put32(frame, 34 + header + i + 4, step);
        }
        if (kind == Kind.TCP) {
            writeTcp(frame, conversation, generation, step);
        } else {
            Bytes.put16(frame, 38, size);
        }
        final int checksum = Checksums.of(
            Checksums.pseudo4(Bytes.i32(frame, 26), Bytes.i32(frame, 30), kind.protocol, size), frame, 34, size);
        // For UDP 0 means that there is none (RFC 768).
        Bytes.put16(frame, kind == Kind.TCP ? 50 : 40, checksum == 0 && kind != Kind.TCP ? 0xffff : checksum);
        return 34 + size;
    }

    private boolean isData(final int conversation, final int step) {
        return step >= 3 && step < end(conversation);
    }

    private void writeTcp(final byte[] frame, final int conversation, final int generation, final int step) {
        final boolean asked = fromClient(conversation, step);
        final int end = end(conversation);
        final int dataSteps = Math.max(0, Math.min(step, end) - 3);
        final int client = 1000 + 7 * conversation + 1_000_003 * generation + (step > 0 ? 1 : 0)
            + QUESTION * ((dataSteps + 1) / 2) + (step > end ? 1 : 0);
        final int server = 5000 + 13 * conversation + 700_001 * generation + (step > 1 ? 1 : 0)
            + REPLY * (dataSteps / 2) + (step - 1 > end ? 1 : 0);
        Bytes.put32(frame, 38, asked ? client : server);
        Bytes.put32(frame, 42, step == 0 ? 0 : asked ? server : client);
        final boolean finishes = step == end || step - 1 == end;
        Bytes.put16(frame, 46, 0x5000 | (step < 2 ? SYN : 0) | (step > 0 ? ACK : 0)
            | (isData(conversation, step) ? PSH : 0) | (finishes ? FIN : 0));
        Bytes.put16(frame, 48, 0xffff);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/**
 * A client and a server that speak TCP across a {@link Bridge}. Each end goes by what really arrives: addresses, ports
 * and sequence numbers of its packets are answers to those. So a translation that does not restore everything, or a
 * rewritten text that leaves a gap in the stream, makes the next packet fail.
 */
final class TcpSession {

    private static int initial = 1_000_000_000;

    private final Bridge bridge;
    private final End client;
    private final End server;
    private Bridge.Outcome outcome;

    /**
     * Makes the two ends.
     *
     * @param clientPort where the client is attached
     * @param from       the client's address
     * @param fromPort   its TCP port
     * @param serverPort where the server is attached
     * @param to         the address that the client calls
     * @param toPort     the TCP port that it calls
     */
    TcpSession(final Bridge bridge, final int clientPort, final String from, final int fromPort, final int serverPort,
            final String to, final int toPort) {
        this.bridge = bridge;
        client = new End(clientPort);
        server = new End(serverPort);
        client.address = from;
        client.port = fromPort;
        client.peer = to;
        client.peerPort = toPort;
    }

    /** One end of the connection, as it sees itself and its peer. */
    private static final class End {
        private final int attached;
        private String address;
        private int port;
        private String peer;
        private int peerPort;
        private long next = initial += 77_777_777;
        private long expected;

        End(final int attached) {
            this.attached = attached;
        }

        Packets segment(final String flags) {
            final Packets packet = address.indexOf(':') < 0 ? Packets.tcp4(address, port, peer, peerPort)
                : Packets.tcp6(address, port, peer, peerPort);
            return packet.flags(flags).seq(next).ack(flags.contains("A") ? expected : 0).window(32000);
        }
    }

    /** Lets the client knock. {@return whether it reached the server} */
    boolean knock() {
        outcome = bridge.receive(client.attached, client.segment("S"));
        final Packet arrived = outcome.at(server.attached);
        if (arrived == null) {
            return false;
        }
        assertThat(Wording.of(arrived)).endsWith("[S]");
        client.next = client.next + 1 & 0xffffffffL;
        server.expected = Bytes.u32(arrived.data(), arrived.l4Offset() + 4) + 1 & 0xffffffffL;
        final List<String> ends = Wording.ends(arrived);
        server.peer = ends.get(0);
        server.peerPort = Integer.parseInt(ends.get(1));
        server.address = ends.get(2);
        server.port = Integer.parseInt(ends.get(3));
        return true;
    }

    /** Lets the two ends shake hands. {@return whether they could} */
    boolean tryOpen() {
        if (!knock()) {
            return false;
        }
        outcome = bridge.receive(server.attached, server.segment("SA"));
        final Packet answer = outcome.at(client.attached);
        if (answer == null) {
            return false;
        }
        server.next = server.next + 1 & 0xffffffffL;
        client.expected = Bytes.u32(answer.data(), answer.l4Offset() + 4) + 1 & 0xffffffffL;
        check(client, answer, "SA");
        pass(client, server, "A", "");
        return true;
    }

    /** Opens the connection. */
    TcpSession open() {
        assertThat(tryOpen()).as("a connection can be opened").isTrue();
        return this;
    }

    /** Opens a connection, asks for a page, gets it, and closes. {@return whether the connection could be opened} */
    static boolean getPage(final Bridge bridge, final int clientPort, final String from, final int serverPort,
            final String to) {
        final TcpSession session = new TcpSession(bridge, clientPort, from, bridge.nextPort(), serverPort, to, 80);
        if (!session.tryOpen()) {
            return false;
        }
        final String question = "GET / HTTP/1.1\r\n\r\n";
        final String answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assertThat(session.clientSays(question)).isEqualTo(question);
        assertThat(session.serverSays(answer)).isEqualTo(answer);
        session.close();
        return true;
    }

    /** The client sends text. {@return the text that arrives at the server} */
    String clientSays(final String text) {
        return says(client, server, text);
    }

    /** The server sends text. {@return the text that arrives at the client} */
    String serverSays(final String text) {
        return says(server, client, text);
    }

    private String says(final End from, final End to, final String text) {
        final Packet arrived = pass(from, to, "PA", text);
        final Bridge.Outcome spoken = outcome;
        pass(to, from, "A", "");
        outcome = spoken;
        return Wording.payload(arrived);
    }

    /** The client sends once more what it said last. {@return the text that arrives, where the first one did} */
    String clientRepeats(final String text) {
        client.next = client.next - text.length() & 0xffffffffL;
        outcome = bridge.receive(client.attached, client.segment("PA").payload(text));
        final Packet again = outcome.at(server.attached);
        assertThat(again).as("the repeated '%s' arrives; ct_state=%s", text.strip(), outcome.state()).isNotNull();
        final int length = Wording.payload(again).length();
        server.expected = server.expected - length & 0xffffffffL;
        check(server, again, "PA");
        client.next = client.next + text.length() & 0xffffffffL;
        server.expected = server.expected + length & 0xffffffffL;
        return Wording.payload(again);
    }

    private Packet pass(final End from, final End to, final String flags, final String text) {
        outcome = bridge.receive(from.attached, from.segment(flags).payload(text));
        final Packet arrived = outcome.at(to.attached);
        assertThat(arrived).as("segment %s '%s' arrives; ct_state=%s", flags, text.strip(), outcome.state())
            .isNotNull();
        from.next = from.next + text.length() + (flags.contains("F") ? 1 : 0) & 0xffffffffL;
        check(to, arrived, flags);
        to.expected = to.expected + Wording.payload(arrived).length() + (flags.contains("F") ? 1 : 0) & 0xffffffffL;
        return arrived;
    }

    /** Checks that a segment comes from the known peer, follows in sequence and acknowledges everything. */
    private static void check(final End at, final Packet arrived, final String flags) {
        final String host = at.address + ':' + at.port;
        assertThat(Wording.of(arrived)).isEqualTo("tcp " + at.peer + ':' + at.peerPort + " > " + host + " ["
            + (flags.contains("S") ? "SA" : flags.contains("F") ? "AF" : flags.contains("P") ? "PA" : "A") + "]");
        final int l4 = arrived.l4Offset();
        final long offset = flags.contains("S") ? 1 : 0;
        assertThat(Bytes.u32(arrived.data(), l4 + 4)).as("sequence number at %s", host)
            .isEqualTo(at.expected - offset & 0xffffffffL);
        assertThat(Bytes.u32(arrived.data(), l4 + 8)).as("acknowledgement number at %s", host).isEqualTo(at.next);
    }

    /** Closes the connection from both sides, the client first. */
    void close() {
        pass(client, server, "FA", "");
        pass(server, client, "A", "");
        pass(server, client, "FA", "");
        pass(client, server, "A", "");
    }

    /** The client breaks the connection off. */
    void reset() {
        outcome = bridge.receive(client.attached, client.segment("RA"));
        assertThat(outcome.at(server.attached)).as("RST arrives").isNotNull();
    }

    /** {@return what became of the packet that was sent last, acknowledgements of text left out} */
    Bridge.Outcome outcome() {
        return outcome;
    }

    /** {@return the address by which the server was called, which is its own as far as it knows} */
    String serverAddress() {
        return server.address;
    }

    /** {@return the address that the client calls} */
    String calledServer() {
        return client.peer;
    }

    /** {@return address and port that the server sees as its client} */
    String clientAsSeen() {
        return server.peer + ':' + server.peerPort;
    }

    /** {@return address and port that the server was called by} */
    String serverAsCalled() {
        return server.address + ':' + server.port;
    }
}

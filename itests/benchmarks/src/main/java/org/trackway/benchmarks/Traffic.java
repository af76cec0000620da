// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.Arrays;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;

/**
 * Ethernet frames of connections that are named by numbers from 0 on: 256 source ports of each client address, one
 * server. Checksums are right; TCP segments fit a connection whose client began at {@value #CLIENT_SEQUENCE} and whose
 * server at {@value #SERVER_SEQUENCE}.
 */
record Traffic(boolean tcp, boolean v6) {

    static final int SYN = 0x02;
    static final int ACK = 0x10;
    static final int CLIENT_SEQUENCE = 1000;
    static final int SERVER_SEQUENCE = 5000;
    /** Bytes behind the transport header of every packet that carries something. */
    static final int PAYLOAD = 64;
    static final int ETHERNET = 14;

    private static final int CLIENTS = 0x0a000000;
    private static final int SERVER = 0x0a800000;
    private static final long PREFIX6 = 0xfd00_0000_0000_0000L;

    /** {@return the length of the longest frames made here} */
    int frameLength() {
        return ETHERNET + (v6 ? 40 : 20) + (tcp ? 20 : 8) + PAYLOAD;
    }

    static int clientAddress(final int connection) {
        return CLIENTS + (connection >>> 8);
    }

    static int clientPort(final int connection) {
        return 1024 + (connection & 0xff) * 7;
    }

    /** {@return the first packet of a connection: a datagram or a SYN} */
    byte[] first(final int connection) {
        return frame(false, clientAddress(connection), clientPort(connection), SYN, CLIENT_SEQUENCE, 0,
            tcp ? 0 : PAYLOAD);
    }

    /** {@return the server's first packet, to a client at this address and port} */
    byte[] answer(final int address, final int port) {
        return frame(true, address, port, SYN | ACK, SERVER_SEQUENCE, CLIENT_SEQUENCE + 1, tcp ? 0 : PAYLOAD);
    }

    /** {@return the third packet of the TCP handshake} */
    byte[] third(final int connection) {
        return frame(false, clientAddress(connection), clientPort(connection), ACK, CLIENT_SEQUENCE + 1,
            SERVER_SEQUENCE + 1, 0);
    }

    /** {@return a packet of the established connection whose client is seen at this address and port} */
    byte[] data(final boolean reply, final int address, final int port) {
        return frame(reply, address, port, ACK, (reply ? SERVER_SEQUENCE : CLIENT_SEQUENCE) + 1,
            (reply ? CLIENT_SEQUENCE : SERVER_SEQUENCE) + 1, PAYLOAD);
    }

    /**
     * {@return a segment without payload of the established connection}
     *
     * @param sent     bytes, a FIN counts one, that its sender has sent since the handshake
     * @param received bytes that it has received since
     */
    byte[] control(final boolean reply, final int address, final int port, final int flags, final int sent,
            final int received) {
        return frame(reply, address, port, flags, (reply ? SERVER_SEQUENCE : CLIENT_SEQUENCE) + 1 + sent,
            (reply ? CLIENT_SEQUENCE : SERVER_SEQUENCE) + 1 + received, 0);
    }

    private byte[] frame(final boolean reply, final int client, final int clientPort, final int flags,
            final int sequence, final int ack, final int payload) {
        final int network = v6 ? 40 : 20;
        final int size = (tcp ? 20 : 8) + payload;
        final int l4 = ETHERNET + network;
        final byte[] frame = new byte[l4 + size];
        frame[5] = 1;
        frame[11] = 2;
        Bytes.put16(frame, 12, v6 ? EtherType.IPV6 : EtherType.IPV4);
        final int source = reply ? SERVER : client;
        final int destination = reply ? client : SERVER;
        final int protocol = tcp ? IpProtocol.TCP : IpProtocol.UDP;
        final long pseudo;
        if (v6) {
            frame[ETHERNET] = 0x60;
            Bytes.put16(frame, ETHERNET + 4, size);
            frame[ETHERNET + 6] = (byte) protocol;
            frame[ETHERNET + 7] = 64;
            Bytes.put64(frame, ETHERNET + 8, PREFIX6);
            Bytes.put64(frame, ETHERNET + 16, source);
            Bytes.put64(frame, ETHERNET + 24, PREFIX6);
            Bytes.put64(frame, ETHERNET + 32, destination);
            pseudo = Checksums.pseudo6(frame, ETHERNET + 8, protocol, size);
        } else {
            frame[ETHERNET] = 0x45;
            Bytes.put16(frame, ETHERNET + 2, network + size);
            frame[ETHERNET + 8] = 64;
            frame[ETHERNET + 9] = (byte) protocol;
            Bytes.put32(frame, ETHERNET + 12, source);
            Bytes.put32(frame, ETHERNET + 16, destination);
            Bytes.put16(frame, ETHERNET + 10, Checksums.of(0, frame, ETHERNET, network));
            pseudo = Checksums.pseudo4(source, destination, protocol, size);
        }
        final int serverPort = tcp ? 80 : 53;
        Bytes.put16(frame, l4, reply ? serverPort : clientPort);
        Bytes.put16(frame, l4 + 2, reply ? clientPort : serverPort);
        Arrays.fill(frame, l4 + size - payload, l4 + size, (byte) 'x');
        if (tcp) {
            Bytes.put32(frame, l4 + 4, sequence);
            Bytes.put32(frame, l4 + 8, ack);
            frame[l4 + 12] = 0x50;
            frame[l4 + 13] = (byte) flags;
            Bytes.put16(frame, l4 + 14, 65535);
            Bytes.put16(frame, l4 + 16, Checksums.of(pseudo, frame, l4, size));
        } else {
            Bytes.put16(frame, l4 + 4, size);
            Bytes.put16(frame, l4 + 6, Checksums.of(pseudo, frame, l4, size));
        }
        return frame;
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Builds frames for tests: everything has a sound default, lengths and checksums are right unless they are asked to be
 * wrong, and {@link #build} may be called again after a change.
 *
 * <pre>{@code
 * Packet syn = Packets.tcp4("10.1.1.1", 1000, "10.1.1.2", 80).flags("S").seq(1).window(100).build();
 * Packet error = Packets.icmp4Error("10.1.1.9", "10.1.1.1", 3, 1, syn).build();
 * List<Packet> parts = Packets.udp6("fd00::1", 53, "fd00::2", 53).payloadSize(4000).fragments(1200);
 * }</pre>
 */
public final class Packets {

    private static final int UNSET = -1;

    private enum Layer4 { TCP, UDP, ICMP, SCTP, NONE }

    private final Layer4 layer4;
    private final int etherType;
    private final int protocol;
    private IpAddress source = IpAddress.ANY_V4;
    private IpAddress destination = IpAddress.ANY_V4;
    private int sourcePort;
    private int destinationPort;
    private byte[] payload = new byte[0];
    private long timestampNs;

    private byte[] sourceMac = mac("02:00:00:00:00:01");
    private byte[] destinationMac = mac("02:00:00:00:00:02");
    private final List<int[]> vlans = new ArrayList<>();
    private boolean snap;
    private int padding;
    private int truncateTo = Integer.MAX_VALUE;

    private int ttl = 64;
    private int tos;
    private int id;
    private int fragmentOffset;
    private boolean moreFragments;
    private boolean dontFragment;
    private boolean fragmentHeader;
    private byte[] ipOptions = new byte[0];
    private final List<Extension> extensions = new ArrayList<>();
    private int ipLength = UNSET;
    private int ipHeaderWords = UNSET;
    private int ipChecksum = UNSET;
    private boolean badIpChecksum;

    private int checksum = UNSET;
    private boolean badChecksum;
    private int flags = 0x10;
    private int seq;
    private int ack;
    private int window = 65535;
    private int tcpHeaderWords = UNSET;
    private byte[] tcpOptions = new byte[0];
    private int udpLength = UNSET;
    private int icmpType;
    private int icmpCode;
    private int icmpRest;
    private int verificationTag;

    private record Extension(int type, byte[] body) {
    }

    private Packets(final int etherType, final Layer4 layer4, final int protocol) {
        this.etherType = etherType;
        this.layer4 = layer4;
        this.protocol = protocol;
    }

    // ---- what to build ----

    /** A TCP segment over IPv4; flags ACK alone, empty. */
    public static Packets tcp4(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV4, Layer4.TCP, IpProtocol.TCP).between(from, fromPort, to, toPort);
    }

    /** A TCP segment over IPv6; flags ACK alone, empty. */
    public static Packets tcp6(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV6, Layer4.TCP, IpProtocol.TCP).between(from, fromPort, to, toPort);
    }

    /** A UDP datagram over IPv4, empty. */
    public static Packets udp4(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV4, Layer4.UDP, IpProtocol.UDP).between(from, fromPort, to, toPort);
    }

    /** A UDP datagram over IPv6, empty. */
    public static Packets udp6(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV6, Layer4.UDP, IpProtocol.UDP).between(from, fromPort, to, toPort);
    }

    /** An SCTP packet over IPv4 with no chunk yet. */
    public static Packets sctp4(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV4, Layer4.SCTP, IpProtocol.SCTP).between(from, fromPort, to, toPort);
    }

    /** An SCTP packet over IPv6 with no chunk yet. */
    public static Packets sctp6(final String from, final int fromPort, final String to, final int toPort) {
        return new Packets(EtherType.IPV6, Layer4.SCTP, IpProtocol.SCTP).between(from, fromPort, to, toPort);
    }

    /** An ICMP message, empty behind its eight bytes of header. */
    public static Packets icmp4(final String from, final String to, final int type, final int code) {
        return new Packets(EtherType.IPV4, Layer4.ICMP, IpProtocol.ICMP).between(from, 0, to, 0).icmp(type, code);
    }

    /** An ICMPv6 message, empty behind its eight bytes of header. */
    public static Packets icmp6(final String from, final String to, final int type, final int code) {
        return new Packets(EtherType.IPV6, Layer4.ICMP, IpProtocol.ICMPV6).between(from, 0, to, 0).icmp(type, code);
    }

    /** An ICMP echo request. */
    public static Packets echo4(final String from, final String to, final int id, final int sequence) {
        return icmp4(from, to, 8, 0).echo(id, sequence);
    }

    /** An ICMP echo reply. */
    public static Packets echoReply4(final String from, final String to, final int id, final int sequence) {
        return icmp4(from, to, 0, 0).echo(id, sequence);
    }

    /** An ICMPv6 echo request. */
    public static Packets echo6(final String from, final String to, final int id, final int sequence) {
        return icmp6(from, to, 128, 0).echo(id, sequence);
    }

    /** An ICMPv6 echo reply. */
    public static Packets echoReply6(final String from, final String to, final int id, final int sequence) {
        return icmp6(from, to, 129, 0).echo(id, sequence);
    }

    /** An ICMP error that quotes the other packet from its IP header on, within RFC 1812 section 4.3.2.3. */
    public static Packets icmp4Error(final String from, final String to, final int type, final int code,
            final Packet about) {
        return icmp4(from, to, type, code).payload(quote(about, 576 - 28));
    }

    /** An ICMPv6 error that quotes the other packet from its IPv6 header on, within RFC 4443 section 2.4. */
    public static Packets icmp6Error(final String from, final String to, final int type, final int code,
            final Packet about) {
        return icmp6(from, to, type, code).payload(quote(about, 1280 - 48));
    }

    /** An IPv4 packet of any protocol. */
    public static Packets ip4(final int protocol, final String from, final String to) {
        return new Packets(EtherType.IPV4, Layer4.NONE, protocol).between(from, 0, to, 0);
    }

    /** An IPv6 packet of any protocol. */
    public static Packets ip6(final int protocol, final String from, final String to) {
        return new Packets(EtherType.IPV6, Layer4.NONE, protocol).between(from, 0, to, 0);
    }

    /** An ARP message for IPv4 over Ethernet, broadcast; {@code operation} 1 asks, 2 answers. */
    public static Packets arp(final int operation, final String senderMac, final String sender,
            final String targetMac, final String target) {
        final byte[] body = new byte[28];
        Bytes.put64(body, 0, 0x0001_0800_0604_0000L | operation);
        System.arraycopy(mac(senderMac), 0, body, 8, 6);
        Bytes.put32(body, 14, (int) IpAddress.parse(sender).low());
        System.arraycopy(mac(targetMac), 0, body, 18, 6);
        Bytes.put32(body, 24, (int) IpAddress.parse(target).low());
        return frame(EtherType.ARP).payload(body).macs(senderMac, "ff:ff:ff:ff:ff:ff");
    }

    /** An Ethernet frame of any type (below 0x600: a length) around the payload. */
    public static Packets frame(final int etherType) {
        return new Packets(etherType, Layer4.NONE, 0);
    }

    /** {@return the other packet from its network layer on, at most {@code limit} bytes} */
    public static byte[] quote(final Packet packet, final int limit) {
        packet.parse();
        final int from = packet.l3Offset();
        return Arrays.copyOfRange(packet.data(), from, from + Math.min(limit, packet.l3Length()));
    }

    // ---- for every packet ----

    /** Sets what follows the last header. */
    public Packets payload(final byte[] bytes) {
        payload = bytes.clone();
        return this;
    }

    /** Sets the payload to a text in Latin-1. */
    public Packets payload(final String text) {
        return payload(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Sets a payload of so many bytes: 0, 1, 2 ... 255, 0 ... */
    public Packets payloadSize(final int size) {
        payload = new byte[size];
        for (int i = 0; i < size; i++) {
            payload[i] = (byte) i;
        }
        return this;
    }

    /** Sets the time of capture, in nanoseconds since the epoch. */
    public Packets timestampNs(final long nanoseconds) {
        timestampNs = nanoseconds;
        return this;
    }

    /** Swaps MAC addresses, IP addresses and ports. */
    public Packets reverse() {
        final byte[] mac = sourceMac;
        sourceMac = destinationMac;
        destinationMac = mac;
        final IpAddress address = source;
        source = destination;
        destination = address;
        final int port = sourcePort;
        sourcePort = destinationPort;
        destinationPort = port;
        return this;
    }

    // ---- Ethernet ----

    /** Sets both MAC addresses, written {@code 02:00:00:00:00:01}. */
    public Packets macs(final String from, final String to) {
        sourceMac = mac(from);
        destinationMac = mac(to);
        return this;
    }

    /** Adds a VLAN tag behind those there are. */
    public Packets vlan(final int vlanId) {
        return tag(EtherType.VLAN, vlanId);
    }

    /** Adds a tag of any type behind those there are. */
    public Packets tag(final int type, final int tci) {
        vlans.add(new int[] {type, tci});
        return this;
    }

    /** Writes the type in a SNAP header, behind an 802.3 length. */
    public Packets snap() {
        snap = true;
        return this;
    }

    /** Adds bytes of 0xee behind the network layer, as Ethernet padding. */
    public Packets padding(final int bytes) {
        padding = bytes;
        return this;
    }

    /** Cuts the frame behind its first {@code bytes} bytes; the headers go on promising the rest. */
    public Packets truncate(final int bytes) {
        truncateTo = bytes;
        return this;
    }

    // ---- IP ----

    /** Sets TTL or hop limit. */
    public Packets ttl(final int value) {
        ttl = value;
        return this;
    }

    /** Sets type of service or traffic class. */
    public Packets tos(final int value) {
        tos = value;
        return this;
    }

    /** Sets the identification of datagram and fragments. */
    public Packets id(final int value) {
        id = value;
        return this;
    }

    /** Sets the don't-fragment bit (IPv4). */
    public Packets dontFragment() {
        dontFragment = true;
        return this;
    }

    /**
     * Says in the header that this is a fragment, with no change to what is carried. IPv6 gets a fragment header, which
     * says "whole datagram" (an atomic fragment) for 0 and false.
     *
     * @param offset in bytes, a multiple of eight
     * @param more   whether others follow
     */
    public Packets fragment(final int offset, final boolean more) {
        fragmentOffset = offset;
        moreFragments = more;
        fragmentHeader = true;
        return this;
    }

    /** Sets the IPv4 options, a multiple of four bytes. */
    public Packets ipOptions(final int... bytes) {
        ipOptions = toBytes(bytes);
        return this;
    }

    /**
     * Adds an IPv6 extension header behind those there are. The length field of the header is derived from the size.
     *
     * @param type the header's number, for example {@link IpProtocol#HOP_BY_HOP}
     * @param size the header's size: a multiple of eight (of four for {@link IpProtocol#AH})
     */
    public Packets extension(final int type, final int size) {
        final byte[] body = new byte[size];
        body[1] = (byte) (type == IpProtocol.AH ? size / 4 - 2 : size / 8 - 1);
        if (type == IpProtocol.HOP_BY_HOP || type == IpProtocol.DESTINATION_OPTIONS) {
            body[2] = 1;
            body[3] = (byte) (size - 4);
        }
        return extension(type, body);
    }

    /** Adds an IPv6 extension header with these bytes, the first of which (next header) is filled in. */
    public Packets extension(final int type, final byte[] body) {
        extensions.add(new Extension(type, body.clone()));
        return this;
    }

    /** Writes this total length (IPv4) or payload length (IPv6) instead of the right one. */
    public Packets ipLength(final int value) {
        ipLength = value;
        return this;
    }

    /** Writes this header length (IPv4), in words of four bytes, instead of the right one. */
    public Packets ipHeaderWords(final int words) {
        ipHeaderWords = words;
        return this;
    }

    /** Writes this IPv4 header checksum instead of the right one. */
    public Packets ipChecksum(final int value) {
        ipChecksum = value;
        return this;
    }

    /** Makes the IPv4 header checksum wrong. */
    public Packets badIpChecksum() {
        badIpChecksum = true;
        return this;
    }

    // ---- transport ----

    /** Writes this transport checksum instead of the right one; 0 says "none" in UDP. */
    public Packets checksum(final int value) {
        checksum = value;
        return this;
    }

    /** Makes the transport checksum wrong. */
    public Packets badChecksum() {
        badChecksum = true;
        return this;
    }

    /** Sets the TCP flags: any of {@code S A F R P U E C} and {@code .} for ACK; the empty text for none. */
    public Packets flags(final String text) {
        int bits = 0;
        for (final char flag : text.toCharArray()) {
            final int bit = "FSRPAUEC".indexOf(flag == '.' ? 'A' : flag);
            if (bit < 0) {
                throw new IllegalArgumentException("no TCP flag: " + flag);
            }
            bits |= 1 << bit;
        }
        flags = bits;
        return this;
    }

    /** Sets the TCP sequence number (its low 32 bits). */
    public Packets seq(final long value) {
        seq = (int) value;
        return this;
    }

    /** Sets the TCP acknowledgement number (its low 32 bits). */
    public Packets ack(final long value) {
        ack = (int) value;
        return this;
    }

    /** Sets the TCP window as it stands in the header, not scaled. */
    public Packets window(final int value) {
        window = value;
        return this;
    }

    /** Sets the TCP options; they are padded with end-of-options to a multiple of four bytes. */
    public Packets tcpOptions(final int... bytes) {
        tcpOptions = Arrays.copyOf(toBytes(bytes), (bytes.length + 3) / 4 * 4);
        return this;
    }

    /** Sets a window scale option as the only TCP option. */
    public Packets windowScale(final int shift) {
        return tcpOptions(1, 3, 3, shift);
    }

    /** Writes this data offset (TCP), in words of four bytes, instead of the right one. */
    public Packets tcpHeaderWords(final int words) {
        tcpHeaderWords = words;
        return this;
    }

    /** Writes this UDP length instead of the right one. */
    public Packets udpLength(final int value) {
        udpLength = value;
        return this;
    }

    /** Sets ICMP type and code. */
    public Packets icmp(final int type, final int code) {
        icmpType = type;
        icmpCode = code;
        return this;
    }

    /** Sets ICMP echo identifier and sequence number. */
    public Packets echo(final int identifier, final int sequence) {
        return icmpRest(identifier << 16 | sequence & 0xffff);
    }

    /** Sets the second four bytes of the ICMP header: an MTU, a gateway, a pointer. */
    public Packets icmpRest(final int value) {
        icmpRest = value;
        return this;
    }

    /** Sets the SCTP verification tag. */
    public Packets verificationTag(final int value) {
        verificationTag = value;
        return this;
    }

    /** Appends an SCTP chunk to the payload, padded to a multiple of four bytes. */
    public Packets chunk(final int type, final int chunkFlags, final byte[] value) {
        final byte[] chunk = new byte[4 + (value.length + 3) / 4 * 4];
        Bytes.put8(chunk, 0, type);
        Bytes.put8(chunk, 1, chunkFlags);
        Bytes.put16(chunk, 2, 4 + value.length);
        System.arraycopy(value, 0, chunk, 4, value.length);
        payload = concat(payload, chunk);
        return this;
    }

    // ---- results ----

    /** {@return the packet} */
    public Packet build() {
        return packet(etherType == EtherType.IPV4 || etherType == EtherType.IPV6 ? network(transport()) : payload);
    }

    /** {@return the frame} */
    public byte[] bytes() {
        return build().bytes();
    }

    /**
     * Cuts the datagram, transport header included, into fragments, in order.
     *
     * @param size how much of the datagram each carries but the last: a multiple of eight bytes
     */
    public List<Packet> fragments(final int size) {
        final byte[] whole = transport();
        final List<Packet> parts = new ArrayList<>();
        for (int at = 0; at < whole.length; at += size) {
            final int end = Math.min(at + size, whole.length);
            fragment(at, end < whole.length);
            parts.add(packet(network(Arrays.copyOfRange(whole, at, end))));
        }
        fragment(0, false);
        fragmentHeader = false;
        return parts;
    }

    private Packet packet(final byte[] network) {
        final ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.writeBytes(destinationMac);
        frame.writeBytes(sourceMac);
        for (final int[] vlan : vlans) {
            frame.writeBytes(shorts(vlan[0], vlan[1]));
        }
        if (snap) {
            frame.writeBytes(shorts(8 + network.length, 0xaaaa, 0x0300, 0, etherType));
        } else {
            frame.writeBytes(shorts(etherType));
        }
        frame.writeBytes(network);
        for (int i = 0; i < padding; i++) {
            frame.write(0xee);
        }
        final byte[] bytes = frame.toByteArray();
        final Packet packet = Packet.of(Arrays.copyOf(bytes, Math.min(bytes.length, truncateTo)));
        packet.timestampNs(timestampNs);
        return packet;
    }

    private byte[] network(final byte[] transport) {
        return etherType == EtherType.IPV4 ? ipv4(transport) : ipv6(transport);
    }

    private byte[] ipv4(final byte[] transport) {
        final byte[] header = new byte[20 + ipOptions.length];
        final int total = header.length + transport.length;
        Bytes.put8(header, 0, 0x40 | (ipHeaderWords == UNSET ? header.length / 4 : ipHeaderWords));
        Bytes.put8(header, 1, tos);
        Bytes.put16(header, 2, ipLength == UNSET ? total : ipLength);
        Bytes.put16(header, 4, id);
        Bytes.put16(header, 6, fragmentOffset / 8 | (moreFragments ? 0x2000 : 0) | (dontFragment ? 0x4000 : 0));
        Bytes.put8(header, 8, ttl);
        Bytes.put8(header, 9, protocol);
        Bytes.put32(header, 12, (int) source.low());
        Bytes.put32(header, 16, (int) destination.low());
        System.arraycopy(ipOptions, 0, header, 20, ipOptions.length);
        final int right = Checksums.of(0, header, 0, header.length);
        Bytes.put16(header, 10, ipChecksum == UNSET ? badIpChecksum ? right ^ 0x0101 : right : ipChecksum);
        return concat(header, transport);
    }

    private byte[] ipv6(final byte[] transport) {
        final List<Extension> all = new ArrayList<>(extensions);
        if (fragmentHeader) {
            final byte[] body = new byte[8];
            Bytes.put16(body, 2, fragmentOffset | (moreFragments ? 1 : 0));
            Bytes.put32(body, 4, id);
            all.add(new Extension(IpProtocol.FRAGMENT, body));
        }
        byte[] chain = new byte[0];
        for (int i = 0; i < all.size(); i++) {
            final byte[] body = all.get(i).body().clone();
            body[0] = (byte) (i + 1 < all.size() ? all.get(i + 1).type() : protocol);
            chain = concat(chain, body);
        }
        final byte[] header = new byte[40];
        Bytes.put32(header, 0, 6 << 28 | tos << 20);
        Bytes.put16(header, 4, ipLength == UNSET ? chain.length + transport.length : ipLength);
        Bytes.put8(header, 6, all.isEmpty() ? protocol : all.get(0).type());
        Bytes.put8(header, 7, ttl);
        putAddresses(header, 8);
        return concat(concat(header, chain), transport);
    }

    private void putAddresses(final byte[] target, final int at) {
        Bytes.put64(target, at, source.high());
        Bytes.put64(target, at + 8, source.low());
        Bytes.put64(target, at + 16, destination.high());
        Bytes.put64(target, at + 24, destination.low());
    }

    private byte[] transport() {
        return switch (layer4) {
            case TCP -> tcp();
            case UDP -> udp();
            case ICMP -> icmp();
            case SCTP -> sctp();
            case NONE -> payload;
        };
    }

    private byte[] tcp() {
        final byte[] header = new byte[20 + tcpOptions.length];
        Bytes.put16(header, 0, sourcePort);
        Bytes.put16(header, 2, destinationPort);
        Bytes.put32(header, 4, seq);
        Bytes.put32(header, 8, ack);
        Bytes.put8(header, 12, (tcpHeaderWords == UNSET ? header.length / 4 : tcpHeaderWords) << 4);
        Bytes.put8(header, 13, flags);
        Bytes.put16(header, 14, window);
        System.arraycopy(tcpOptions, 0, header, 20, tcpOptions.length);
        return checksummed(concat(header, payload), 16);
    }

    private byte[] udp() {
        final byte[] header = new byte[8];
        Bytes.put16(header, 0, sourcePort);
        Bytes.put16(header, 2, destinationPort);
        Bytes.put16(header, 4, udpLength == UNSET ? 8 + payload.length : udpLength);
        return checksummed(concat(header, payload), 6);
    }

    private byte[] icmp() {
        final byte[] header = new byte[8];
        Bytes.put8(header, 0, icmpType);
        Bytes.put8(header, 1, icmpCode);
        Bytes.put32(header, 4, icmpRest);
        return checksummed(concat(header, payload), 2);
    }

    private byte[] sctp() {
        final byte[] header = new byte[12];
        Bytes.put16(header, 0, sourcePort);
        Bytes.put16(header, 2, destinationPort);
        Bytes.put32(header, 4, verificationTag);
        final byte[] packet = concat(header, payload);
        final int right = Checksums.sctp(packet, 0, packet.length);
        Bytes.put32(packet, 8, checksum == UNSET ? badChecksum ? right ^ 0x01010101 : right : checksum);
        return packet;
    }

    private byte[] checksummed(final byte[] packet, final int at) {
        final long pseudo;
        if (protocol == IpProtocol.ICMP) {
            pseudo = 0;
        } else if (etherType == EtherType.IPV4) {
            pseudo = Checksums.pseudo4((int) source.low(), (int) destination.low(), protocol, packet.length);
        } else {
            final byte[] addresses = new byte[32];
            putAddresses(addresses, 0);
            pseudo = Checksums.pseudo6(addresses, 0, protocol, packet.length);
        }
        int right = Checksums.of(pseudo, packet, 0, packet.length);
        if (right == 0 && protocol == IpProtocol.UDP) {
            right = 0xffff;
        }
        Bytes.put16(packet, at, checksum == UNSET ? badChecksum ? right ^ 0x0101 : right : checksum);
        return packet;
    }

    private Packets between(final String from, final int fromPort, final String to, final int toPort) {
        source = address(from);
        destination = address(to);
        sourcePort = fromPort;
        destinationPort = toPort;
        return this;
    }

    private IpAddress address(final String text) {
        final IpAddress address = IpAddress.parse(text);
        if (address.v6() != (etherType == EtherType.IPV6)) {
            throw new IllegalArgumentException(text + " is of the other IP version");
        }
        return address;
    }

    private static byte[] mac(final String text) {
        final String[] parts = text.split(":");
        final byte[] mac = new byte[6];
        for (int i = 0; i < 6; i++) {
            mac[i] = (byte) Integer.parseInt(parts[i], 16);
        }
        return mac;
    }

    private static byte[] shorts(final int... values) {
        final byte[] bytes = new byte[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            Bytes.put16(bytes, 2 * i, values[i]);
        }
        return bytes;
    }

    private static byte[] toBytes(final int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] concat(final byte[] first, final byte[] second) {
        final byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}

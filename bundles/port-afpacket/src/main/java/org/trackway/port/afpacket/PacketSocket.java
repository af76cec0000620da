// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.trackway.packet.LinuxInterface;
import org.trackway.port.afpacket.PortOptions.Mode;

/**
 * An AF_PACKET socket bound to one interface, with its receive ring mapped (packet(7); the kernel's
 * Documentation/networking/packet_mmap.rst). Every packet on it is led by a {@link VirtioHeader}.
 *
 * <p>Questions to the kernel share one small buffer and are asked by one thread at a time; {@link #close} must not run
 * beside any other call.
 */
final class PacketSocket {

    private static final int SOL_SOCKET = 1;
    private static final int SO_ERROR = 4;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_ADD_MEMBERSHIP = 1;
    private static final int PACKET_RX_RING = 5;
    private static final int PACKET_STATISTICS = 6;
    private static final int PACKET_COPY_THRESH = 7;
    private static final int PACKET_VERSION = 10;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_FANOUT = 18;
    private static final int PACKET_QDISC_BYPASS = 20;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    /** In the upper half of what makes a socket join a group, whose number is the lower half; the mode is 0, by hash. */
    private static final int FANOUT_NEW = 0x2000 << 16;
    private static final int FANOUT_IGNORE_OUTGOING = 0x4000 << 16;
    private static final int PACKET_MR_PROMISC = 1;
    private static final int ETH_P_ALL = 3;

    private static final int SIOCGIFMTU = 0x8921;
    private static final int SIOCGIFHWADDR = 0x8927;
    private static final int SIOCGIFINDEX = 0x8933;
    private static final int IFNAMSIZ = 16;
    private static final int ARPHRD_ETHER = 1;
    private static final int ARPHRD_LOOPBACK = 772;

    private static final int SOCKADDR_LL = 20;
    private static final int SCRATCH = 64;
    /** Where a length lies in the scratch buffer that the kernel reads and writes. */
    private static final int LENGTH = 56;

    /** What packets that don't fit in a slot may take while they wait to be read. */
    private static final int COPY_BUFFER = 8 << 20;
    /** As long as the longest segment, which must fit in a block. */
    private static final int V3_BLOCK = 1 << 18;
    private static final int V2_BLOCK = 1 << 18;
    /** The shortest time that the kernel can be told. */
    private static final int RETIRE_MS = 1;

    private final String networkInterface;
    private final String namespace;
    private final NativeMemory scratch = NativeMemory.allocate(SCRATCH);
    private int fd;
    private long mapped;
    private int mappedSize;
    private Ring ring;

    private PacketSocket(final PortOptions options) {
        networkInterface = options.networkInterface();
        namespace = options.namespace() == null ? "" : options.namespace().toString();
    }

    /** {@return an open socket for each thread; what arrives comes by one of them, always the same for a connection} */
    static List<PacketSocket> openAll(final PortOptions options) throws IOException {
        final List<PacketSocket> sockets = new ArrayList<>();
        try {
            int group = FANOUT_NEW;
            for (int i = 0; i < options.threads(); i++) {
                final PacketSocket socket = open(options);
                sockets.add(socket);
                if (options.threads() > 1) {
                    group = socket.join(group);
                }
            }
            return sockets;
        } catch (final IOException | RuntimeException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
    }

    /** Joins a group of sockets on the same interface, or makes one. {@return the group} */
    private int join(final int group) throws IOException {
        set(SOL_PACKET, PACKET_FANOUT, group | FANOUT_IGNORE_OUTGOING, "PACKET_FANOUT");
        scratch.buffer().putInt(LENGTH, 4);
        check(LibC.getsockopt(fd, SOL_PACKET, PACKET_FANOUT, scratch.address(), scratch.address() + LENGTH),
            "PACKET_FANOUT");
        // What came before was for all sockets.
        while (ring.next()) {
            ring.release();
        }
        return scratch.buffer().getInt(0) & 0xffff;
    }

    /** {@return the open socket} */
    private static PacketSocket open(final PortOptions options) throws IOException {
        final PacketSocket socket = new PacketSocket(options);
        // No protocol yet: until it is bound, packets of all interfaces would come in.
        socket.fd = NetworkNamespace.open(options.namespace(), () ->
            socket.check(LibC.socket(LibC.AF_PACKET, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, 0), "socket"));
        try {
            socket.prepare(options);
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void prepare(final PortOptions options) throws IOException {
        final int index = (int) question(SIOCGIFINDEX, "SIOCGIFINDEX");
        final int hardware = (int) question(SIOCGIFHWADDR, "SIOCGIFHWADDR") & 0xffff;
        if (hardware != ARPHRD_ETHER && hardware != ARPHRD_LOOPBACK) {
            throw new IOException(networkInterface + ": is no Ethernet interface (its hardware type is " + hardware
                + ")");
        }
        set(SOL_PACKET, PACKET_VERSION, options.mode() == Mode.V2 ? 1 : 2, "PACKET_VERSION");
        set(SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
        set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
        set(SOL_PACKET, PACKET_QDISC_BYPASS, options.bypass() ? 1 : 0, "PACKET_QDISC_BYPASS");
        if (options.mode() == Mode.V2) {
            mapV2(options.ringBytes());
        } else {
            mapV3(options.ringBytes());
        }
        if (options.promiscuous()) {
            scratch.buffer().putInt(0, index).putShort(4, (short) PACKET_MR_PROMISC).putShort(6, (short) 0)
                .putLong(8, 0);
            check(LibC.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, scratch.address(), 16), "promiscuous mode");
        }
        scratch.buffer().putShort(0, (short) LibC.AF_PACKET).put(2, (byte) 0).put(3, (byte) ETH_P_ALL)
            .putInt(4, index).putLong(8, 0).putInt(16, 0);
        check(LibC.bind(fd, scratch.address(), SOCKADDR_LL), "bind");
    }

    private void mapV2(final int size) throws IOException {
        // Segments longer than a slot wait in the socket's own queue instead (TP_STATUS_COPY): slots stay small.
        set(SOL_PACKET, PACKET_COPY_THRESH, 1, "PACKET_COPY_THRESH");
        set(SOL_SOCKET, SO_RCVBUFFORCE, COPY_BUFFER, "SO_RCVBUFFORCE");
        final int slot = RingV2.slotFor(mtu());
        final int block = Math.max(V2_BLOCK, slot);
        request(size, block, slot);
        scratch.buffer().putInt(16, 0);
        check(LibC.setsockopt(fd, SOL_PACKET, PACKET_RX_RING, scratch.address(), 16), "the receive ring");
        ring = new RingV2(map(size), slot, size / slot, this);
    }

    private void mapV3(final int size) throws IOException {
        request(size, V3_BLOCK, V3_BLOCK);
        scratch.buffer().putInt(16, RETIRE_MS).putInt(20, 0).putInt(24, 0);
        check(LibC.setsockopt(fd, SOL_PACKET, PACKET_RX_RING, scratch.address(), 28), "the receive ring");
        ring = new RingV3(map(size), V3_BLOCK, size / V3_BLOCK);
    }

    /** Writes the part of {@code struct tpacket_req} that all versions share. */
    private void request(final int size, final int block, final int slot) {
        scratch.buffer().putInt(0, block).putInt(4, size / block).putInt(8, slot).putInt(12, size / slot);
    }

    private NativeMemory map(final int size) throws IOException {
        final long address = LibC.mmap(0, size, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, fd, 0);
        check(address == -1 ? -1 : 0, "mapping the receive ring");
        mapped = address;
        mappedSize = size;
        return NativeMemory.mapped(address, size);
    }

    /** {@return the ring, to be read by one thread until the socket is closed} */
    Ring ring() {
        return ring;
    }

    int descriptor() {
        return fd;
    }

    /** {@return what a packet may be long behind its Ethernet header, in bytes} */
    int mtu() throws IOException {
        return (int) question(SIOCGIFMTU, "SIOCGIFMTU");
    }

    /** {@return the interface as it is now} */
    LinuxInterface linuxInterface() throws IOException {
        question(SIOCGIFHWADDR, "SIOCGIFHWADDR");
        final ByteBuffer address = scratch.buffer().duplicate().order(ByteOrder.BIG_ENDIAN);
        final long mac = address.getLong(IFNAMSIZ) & 0xffff_ffff_ffffL;
        return new LinuxInterface(networkInterface, (int) question(SIOCGIFINDEX, "SIOCGIFINDEX"), namespace, mac, mtu());
    }

    /** {@return whether the interface is still there, up or down} */
    boolean isThere() {
        scratch.buffer().putInt(LENGTH, SOCKADDR_LL);
        return LibC.getsockname(fd, scratch.address(), scratch.address() + LENGTH) == 0
            && scratch.buffer().getInt(4) > 0;
    }

    /** {@return the error that is waiting to be asked for, which is forgotten with this: ENETDOWN, or 0} */
    int pendingError() {
        scratch.buffer().putInt(LENGTH, 4);
        return LibC.getsockopt(fd, SOL_SOCKET, SO_ERROR, scratch.address(), scratch.address() + LENGTH) == 0
            ? scratch.buffer().getInt(0) : 0;
    }

    /** {@return how many packets the ring had no room for since this was asked last} */
    long overruns() {
        scratch.buffer().putInt(LENGTH, 12);
        return LibC.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, scratch.address(), scratch.address() + LENGTH) == 0
            ? scratch.buffer().getInt(4) & 0xffffffffL : 0;
    }

    void close() {
        if (mapped != 0) {
            LibC.munmap(mapped, mappedSize);
            mapped = 0;
        }
        LibC.close(fd);
    }

    private void set(final int level, final int name, final int value, final String what) throws IOException {
        scratch.buffer().putInt(0, value);
        check(LibC.setsockopt(fd, level, name, scratch.address(), 4), what);
    }

    /** Asks for a property of the interface ({@code struct ifreq}): the first four bytes of the answer. */
    private long question(final int request, final String what) throws IOException {
        final byte[] name = networkInterface.getBytes(StandardCharsets.UTF_8);
        scratch.buffer().putLong(0, 0).putLong(8, 0).putLong(16, 0).putLong(24, 0).putLong(32, 0);
        scratch.buffer().put(0, name, 0, Math.min(name.length, IFNAMSIZ - 1));
        check(LibC.ioctl(fd, request, scratch.address()), what);
        return scratch.buffer().getInt(IFNAMSIZ);
    }

    private int check(final int result, final String what) throws IOException {
        if (result >= 0) {
            return result;
        }
        final int error = Native.getLastError();
        throw new IOException(networkInterface + ": " + switch (error) {
            case LibC.EPERM, LibC.EACCES -> "opening a network interface needs the capability CAP_NET_RAW"
                + " (run as root, or give it to the process)";
            case LibC.ENODEV, LibC.ENXIO -> "there is no such network interface";
            default -> what + " failed: " + LibC.strerror(error);
        });
    }
}

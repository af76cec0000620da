// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.port.afpacket.Drops.Reason;

/**
 * Sends packets by the burst, with one {@code sendmmsg} each: copies them one behind the other into native memory, each
 * led by its {@link VirtioHeader}. Belongs to one thread at a time.
 *
 * <p>What has been sent counts against the socket's buffer until the receiving side has taken it. While that is full
 * the transmitter waits, for {@link #PATIENCE} milliseconds at the most; so a fast sender is slowed down to the speed
 * of the slowest interface instead of overrunning it.
 */
final class Transmitter {

    private static final int BURST = PacketBatch.BURST;
    private static final int ARENA = 1 << 18;
    private static final int ALIGNMENT = 64;

    /** {@code struct mmsghdr}: pointer to and number of parts stand at 16 and 24 of each. */
    static final int MESSAGE = 64;
    static final int MESSAGE_PARTS = 16;
    static final int MESSAGE_PART_COUNT = 24;
    /** {@code struct iovec}. */
    static final int PART = 16;
    private static final int PARTS = BURST * MESSAGE;
    private static final int POLL = PARTS + BURST * PART;

    private static final int PATIENCE = 20;
    private static final int ETHERNET = 14;
    private static final int TAG = 4;

    private final int fd;
    private final Drops drops;
    private final NativeMemory vectors = NativeMemory.allocate(POLL + 8);
    private final NativeMemory arena = NativeMemory.allocate(ARENA);
    private final int[] lengths = new int[BURST];
    private int used;
    private int count;
    private boolean gone;

    /** How many packets were sent since the transmitter was made, and their bytes. */
    long packets;
    long bytes;

    Transmitter(final int fd, final Drops drops) {
        this.fd = fd;
        this.drops = drops;
        for (int i = 0; i < BURST; i++) {
            vectors.buffer().putLong(i * MESSAGE + MESSAGE_PARTS, vectors.address() + PARTS + i * PART)
                .putLong(i * MESSAGE + MESSAGE_PART_COUNT, 1);
        }
        vectors.buffer().putInt(POLL, fd).putShort(POLL + 4, LibC.POLLOUT);
    }

    /** Sends a batch, or drops and counts. {@return false if the interface is not there any more} */
    boolean send(final PacketBatch batch, final int mtu) {
        for (int i = 0; i < batch.size(); i++) {
            add(batch.get(i), mtu);
        }
        flush();
        return !gone;
    }

    private void add(final Packet packet, final int mtu) {
        final int size = VirtioHeader.SIZE + packet.length();
        if (size > ARENA) {
            drops.add(Reason.TOO_LONG, 1);
            return;
        }
        if (count == BURST || used + size > ARENA) {
            flush();
        }
        final ByteBuffer buffer = arena.buffer();
        final int longest = VirtioHeader.write(buffer, used, packet);
        if (longest > mtu + ETHERNET && (longest > mtu + ETHERNET + TAG || !isTagged(packet))) {
            drops.add(Reason.TOO_LONG, 1);
            return;
        }
        if (longest == 0) {
            drops.add(Reason.ODD_SEGMENT, 1);
            return;
        }
        buffer.put(used + VirtioHeader.SIZE, packet.data(), packet.offset(), packet.length());
        vectors.buffer().putLong(PARTS + count * PART, arena.address() + used).putLong(PARTS + count * PART + 8, size);
        lengths[count++] = packet.length();
        used = Math.min(ARENA, used + size + ALIGNMENT - 1 & -ALIGNMENT);
    }

    /** One tag does not count, neither for the kernel. */
    private static boolean isTagged(final Packet packet) {
        return packet.parse() && packet.vlanTags() > 0;
    }

    private void flush() {
        int done = 0;
        int waits = 0;
        boolean wasDown = false;
        while (done < count) {
            final int sent = LibC.sendmmsg(fd, vectors.address() + (long) done * MESSAGE, count - done,
                LibC.MSG_DONTWAIT);
            if (sent > 0) {
                packets += sent;
                for (final int end = done + sent; done < end; done++) {
                    bytes += lengths[done];
                }
                continue;
            }
            switch (Native.getLastError()) {
                case LibC.EINTR -> {
                    // again
                }
                case LibC.EAGAIN -> {
                    if (waits++ == PATIENCE) {
                        done += drop(Reason.BUSY, count - done);
                    } else {
                        LibC.poll(vectors.address() + POLL, 1, 1);
                    }
                }
                case LibC.ENETDOWN -> {
                    // The first time it may be that of an interface that is up again: an error is told once.
                    if (wasDown) {
                        done += drop(Reason.DOWN, count - done);
                    }
                    wasDown = true;
                }
                case LibC.ENXIO, LibC.ENODEV -> {
                    gone = true;
                    done += drop(Reason.DOWN, count - done);
                }
                case LibC.EMSGSIZE -> done += drop(Reason.TOO_LONG, 1);
                default -> done += drop(Reason.REFUSED, 1);
            }
        }
        count = 0;
        used = 0;
    }

    private int drop(final Reason reason, final int number) {
        drops.add(reason, number);
        return number;
    }
}

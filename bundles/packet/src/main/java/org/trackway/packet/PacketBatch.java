// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.util.Arrays;

/**
 * An ordered, growable list of packets that travel together. Receivers fill it up to {@link #BURST}; reassembly may
 * put more into it. Belongs to one thread at a time.
 */
public final class PacketBatch {

    /** How many packets a port receives at once, at the most. */
    public static final int BURST = 32;

    private Packet[] packets = new Packet[BURST];
    private int size;

    /** {@return how many packets it holds} */
    public int size() {
        return size;
    }

    /** {@return whether it holds none} */
    public boolean isEmpty() {
        return size == 0;
    }

    /** {@return the packet at {@code index}, from 0 up to {@link #size()} - 1} */
    public Packet get(final int index) {
        if (index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return packets[index];
    }

    /**
     * Reads from the cache lines of all frames that hold headers, so that their misses overlap. The loops are so short
     * that the processor is ahead by many packets, and each asks for one line of each.
     *
     * @return a number that means nothing
     */
    public long touch() {
        return touch(0) + touch(64) + touch(128);
    }

    private long touch(final int at) {
        final Packet[] all = packets;
        long sum = 0;
        for (int i = 0; i < size; i++) {
            sum += all[i].touch(at);
        }
        return sum;
    }

    /** Puts another packet in the place of the one at {@code index}. */
    public void set(final int index, final Packet packet) {
        if (index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        packets[index] = packet;
    }

    /** Appends a packet. */
    public void add(final Packet packet) {
        if (size == packets.length) {
            packets = Arrays.copyOf(packets, size * 2);
        }
        packets[size++] = packet;
    }

    /** Keeps the first {@code newSize} packets; {@code newSize} is from 0 to {@link #size()}. */
    public void truncate(final int newSize) {
        if (newSize > size) {
            throw new IndexOutOfBoundsException(newSize);
        }
        Arrays.fill(packets, newSize, size, null);
        size = newSize;
    }

    /** Forgets all packets. */
    public void clear() {
        truncate(0);
    }
}

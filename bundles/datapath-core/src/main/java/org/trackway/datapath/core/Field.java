// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** One thing that flows match, and actions read or write: where it lies in the {@link Key} and how it is written. */
final class Field {

    final String name;
    /** Its name in {@code load} and {@code move}, without brackets. */
    final String oxm;
    final int word;
    final int shift;
    /** How many bits it has, 1..128; more than 64 lie in two words, the high half first. */
    final int bits;
    final Format format;
    final Prerequisite needs;
    final boolean maskable;
    final boolean writable;

    Field(final String name, final String oxm, final int word, final int shift, final int bits, final Format format,
            final Prerequisite needs, final boolean maskable, final boolean writable) {
        this.name = name;
        this.oxm = oxm;
        this.word = word;
        this.shift = shift;
        this.bits = bits;
        this.format = format;
        this.needs = needs;
        this.maskable = maskable;
        this.writable = writable;
    }

    boolean isWide() {
        return bits > 64;
    }

    /** {@return whether it is read from the packet, not from the datapath's own metadata} */
    boolean isHeader() {
        return word >= Key.HEADERS;
    }

    /** {@return whether only {@code exec} of a {@code ct} action writes it} */
    boolean isConntrack() {
        return word >= Key.CT && word < Key.HEADERS;
    }

    /** {@return the value of a field that is not wide} */
    long read(final long[] key) {
        return key[word] >>> shift & ones();
    }

    /** Writes the value of a field that is not wide. */
    void write(final long[] key, final long value) {
        key[word] = key[word] & ~(ones() << shift) | (value & ones()) << shift;
    }

    /** {@return all bits of a field that is not wide} */
    long ones() {
        return -1L >>> 64 - bits;
    }

    Bits readBits(final long[] key) {
        return isWide() ? new Bits(key[word], key[word + 1]) : Bits.of(read(key));
    }

    void writeBits(final long[] key, final Bits value) {
        if (isWide()) {
            key[word] = value.high();
            key[word + 1] = value.low();
        } else {
            write(key, value.low());
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

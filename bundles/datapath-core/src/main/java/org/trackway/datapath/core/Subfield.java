// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/**
 * Some bits of a field, as {@code NXM_NX_REG0[0..15]} names them.
 *
 * @param field the field
 * @param start its lowest bit that is meant, from 0
 * @param count how many bits, 1..128
 */
record Subfield(Field field, int start, int count) {

    /**
     * Reads {@code NAME}, {@code NAME[]}, {@code NAME[bit]} or {@code NAME[first..last]}.
     *
     * @throws org.trackway.datapath.FlowException if it is none
     */
    static Subfield parse(final Token text) {
        final Token name = text.until("[");
        final Field field = Fields.ofExpression(name.text());
        if (field == null) {
            throw name.error("not a field: give a name such as reg0, ct_mark or NXM_NX_REG0, with [] or [first..last]"
                + " behind it for some of its bits");
        }
        if (name.text().length() == text.text().length()) {
            return new Subfield(field, 0, field.bits);
        }
        final Token range = text.sub(name.text().length());
        if (!range.text().endsWith("]")) {
            throw range.error("a ']' is missing");
        }
        final Token inner = range.sub(1, range.text().length() - 1);
        if (inner.isEmpty()) {
            return new Subfield(field, 0, field.bits);
        }
        final int dots = inner.text().indexOf("..");
        final int first = Values.number(dots < 0 ? inner : inner.sub(0, dots), 0, field.bits - 1);
        final int last = dots < 0 ? first : Values.number(inner.sub(dots + 2), 0, field.bits - 1);
        if (first > last) {
            throw inner.error("the first bit is higher than the last");
        }
        return new Subfield(field, first, last - first + 1);
    }

    boolean isWhole() {
        return count == field.bits;
    }

    /** {@return the value of at most 64 bits from {@code start + from} on} */
    long read(final long[] key, final int from, final int bits) {
        final int at = start + from;
        final long ones = -1L >>> 64 - bits;
        if (!field.isWide()) {
            return field.read(key) >>> at & ones;
        }
        final long high = key[field.word];
        final long low = key[field.word + 1];
        if (at >= 64) {
            return high >>> at - 64 & ones;
        }
        return (at == 0 ? low : low >>> at | high << 64 - at) & ones;
    }

    /** {@return the value of a subfield of at most 64 bits} */
    long read(final long[] key) {
        return read(key, 0, count);
    }

    /** Writes at most 64 bits from {@code start + from} on. */
    void write(final long[] key, final int from, final int bits, final long value) {
        final int at = start + from;
        final long ones = -1L >>> 64 - bits;
        final long under = value & ones;
        if (!field.isWide()) {
            final int shift = field.shift + at;
            key[field.word] = key[field.word] & ~(ones << shift) | under << shift;
            return;
        }
        if (at >= 64) {
            final int shift = at - 64;
            key[field.word] = key[field.word] & ~(ones << shift) | under << shift;
            return;
        }
        key[field.word + 1] = key[field.word + 1] & ~(ones << at) | under << at;
        if (at + bits > 64) {
            final int shift = 64 - at;
            key[field.word] = key[field.word] & ~(ones >>> shift) | under >>> shift;
        }
    }

    /** {@return whether all packets of a path have the same there} */
    boolean isSteady() {
        return Steady.covers(field, mask());
    }

    /** {@return the bits of the whole field that are meant} */
    Bits mask() {
        return Bits.ones(count).shiftLeft(start);
    }

    @Override
    public String toString() {
        return field.oxm + (isWhole() ? "[]" : count == 1 ? "[" + start + "]"
            : "[" + start + ".." + (start + count - 1) + "]");
    }
}

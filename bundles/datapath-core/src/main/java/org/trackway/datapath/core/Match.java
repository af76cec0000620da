// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;

/** Which packets a flow is for: the value that some bits of their key must have. Immutable. */
final class Match {

    private final long[] values;
    private final long[] masks;

    private Match(final long[] values, final long[] masks) {
        this.values = values;
        this.masks = masks;
    }

    long value(final int word) {
        return values[word];
    }

    long mask(final int word) {
        return masks[word];
    }

    /** {@return the value of a field that is not wide, 0 in the bits that are not matched} */
    long value(final Field field) {
        return field.read(values);
    }

    /** {@return the bits of a field that is not wide that are matched} */
    long mask(final Field field) {
        return field.read(masks);
    }

    Bits valueBits(final Field field) {
        return field.readBits(values);
    }

    Bits maskBits(final Field field) {
        return field.readBits(masks);
    }

    /** {@return whether a field that is not wide must have this value} */
    boolean requires(final Field field, final long value) {
        return mask(field) == field.ones() && value(field) == value;
    }

    boolean accepts(final long[] key) {
        for (int i = 0; i < Key.WORDS; i++) {
            if ((key[i] & masks[i]) != values[i]) {
                return false;
            }
        }
        return true;
    }

    /** {@return whether every packet that the other accepts is accepted by this one, as far as can be told by bits} */
    boolean covers(final Match other) {
        for (int i = 0; i < Key.WORDS; i++) {
            if ((masks[i] & ~other.masks[i]) != 0 || (other.values[i] & masks[i]) != values[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Match that && Arrays.equals(values, that.values) && Arrays.equals(masks, that.masks);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values) * 31 + Arrays.hashCode(masks);
    }

    @Override
    public String toString() {
        return MatchText.format(this);
    }

    /** Collects the parts of a {@link Match}. */
    static final class Builder {

        private final long[] values = new long[Key.WORDS];
        private final long[] masks = new long[Key.WORDS];

        /**
         * Requires a value of some bits of a field.
         *
         * @return whether that does not contradict what was required before
         */
        boolean require(final Field field, final Bits value, final Bits mask) {
            final Bits both = mask.and(field.readBits(masks));
            final Bits under = value.and(mask);
            if (!under.and(both).equals(field.readBits(values).and(both))) {
                return false;
            }
            field.writeBits(values, field.readBits(values).or(under));
            field.writeBits(masks, field.readBits(masks).or(mask));
            return true;
        }

        boolean require(final Field field, final long value) {
            return require(field, Bits.of(value), Bits.ones(field.bits));
        }

        Match build() {
            return new Match(values.clone(), masks.clone());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Sets some bits of a field: {@code set_field}, {@code load} and the {@code mod_} actions. */
final class Assign extends Action {

    final Field field;
    final Bits value;
    final Bits mask;
    private final long lowValue;
    private final long lowMask;
    private final String text;

    /**
     * Makes the action.
     *
     * @param field what to set
     * @param value the value of the whole field
     * @param mask  the bits to set
     * @param text  how it was written
     */
    Assign(final Field field, final Bits value, final Bits mask, final String text) {
        this.field = field;
        this.value = value.and(mask);
        this.mask = mask;
        this.text = text;
        lowValue = this.value.low() << field.shift;
        lowMask = mask.low() << field.shift;
    }

    /** Sets the bits in a key. */
    void apply(final long[] key) {
        if (field.isWide()) {
            key[field.word] = key[field.word] & ~mask.high() | value.high();
            key[field.word + 1] = key[field.word + 1] & ~mask.low() | value.low();
        } else {
            key[field.word] = key[field.word] & ~lowMask | lowValue;
        }
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        apply(frame.key);
        if (field.isHeader()) {
            pipeline.write(frame, field);
        }
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return field.word == Key.ETH_SOURCE && field.shift < 16
            || (field == Fields.ETH_SRC || field == Fields.ETH_DST) && mask.equals(Bits.ones(field.bits));
    }

    @Override
    public String toString() {
        return text;
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Optional;

/**
 * One {@code ct(...)} action, validated once on the control path and executed on many packets. Immutable; make it with
 * {@link #builder}.
 */
public final class CtAction {

    private final int zone;
    private final boolean commit;
    private final boolean force;
    private final int mark;
    private final int markMask;
    private final long labelHigh;
    private final long labelLow;
    private final long labelMaskHigh;
    private final long labelMaskLow;
    private final String helper;
    private final Nat nat;
    private final String timeoutPolicy;

    private CtAction(final Builder builder) {
        zone = builder.zone;
        commit = builder.commit;
        force = builder.force;
        markMask = builder.markMask;
        mark = builder.mark & markMask;
        labelMaskHigh = builder.labelMaskHigh;
        labelMaskLow = builder.labelMaskLow;
        labelHigh = builder.labelHigh & labelMaskHigh;
        labelLow = builder.labelLow & labelMaskLow;
        helper = builder.helper;
        nat = builder.nat;
        timeoutPolicy = builder.timeoutPolicy;
    }

    /** {@return a builder of an action that only looks up, in zone 0} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the zone, 0..65535} */
    public int zone() {
        return zone;
    }

    /** {@return a builder that starts from this action} */
    public Builder toBuilder() {
        final Builder builder = new Builder().zone(zone).mark(mark, markMask)
            .label(labelHigh, labelLow, labelMaskHigh, labelMaskLow).helper(helper).nat(nat)
            .timeoutPolicy(timeoutPolicy);
        builder.commit = commit;
        builder.force = force;
        return builder;
    }

    /** {@return whether new connections are remembered} */
    public boolean commit() {
        return commit;
    }

    /** {@return whether a connection found in its reply direction is replaced by one in this direction} */
    public boolean force() {
        return force;
    }

    /** {@return the mark to set, already under {@link #markMask}} */
    public int mark() {
        return mark;
    }

    /** {@return the bits of the mark to set; 0 leaves it alone} */
    public int markMask() {
        return markMask;
    }

    /** {@return the high half of the label to set, already under its mask} */
    public long labelHigh() {
        return labelHigh;
    }

    /** {@return the low half of the label to set, already under its mask} */
    public long labelLow() {
        return labelLow;
    }

    /** {@return the bits of the label's high half to set} */
    public long labelMaskHigh() {
        return labelMaskHigh;
    }

    /** {@return the bits of the label's low half to set} */
    public long labelMaskLow() {
        return labelMaskLow;
    }

    /** {@return whether the label is set at all} */
    public boolean setsLabel() {
        return (labelMaskHigh | labelMaskLow) != 0;
    }

    /** {@return the name of the helper that new connections get ({@code alg=}), or null} */
    public String helper() {
        return helper;
    }

    /** {@return the translation, or null if packets are not to be translated at all} */
    public Nat nat() {
        return nat;
    }

    /** {@return the name of the timeout policy of new connections, if one was given} */
    public Optional<String> timeoutPolicy() {
        return Optional.ofNullable(timeoutPolicy);
    }

    /** Collects the parts of a {@link CtAction}. Not thread-safe. */
    public static final class Builder {

        private int zone;
        private boolean commit;
        private boolean force;
        private int mark;
        private int markMask;
        private long labelHigh;
        private long labelLow;
        private long labelMaskHigh;
        private long labelMaskLow;
        private String helper;
        private Nat nat;
        private String timeoutPolicy;

        private Builder() {
        }

        /** Sets the zone, 0..65535. */
        public Builder zone(final int number) {
            if (number >>> 16 != 0) {
                throw new IllegalArgumentException("zone " + number + " is not in 0 to 65535");
            }
            zone = number;
            return this;
        }

        /** Remembers new connections. */
        public Builder commit() {
            commit = true;
            return this;
        }

        /** Replaces a connection found in its reply direction; needs {@link #commit}. */
        public Builder force() {
            force = true;
            return this;
        }

        /** Sets the bits of the connection's mark that are in {@code mask}. */
        public Builder mark(final int value, final int mask) {
            mark = value;
            markMask = mask;
            return this;
        }

        /** Sets the bits of the connection's label that are in the mask. */
        public Builder label(final long high, final long low, final long maskHigh, final long maskLow) {
            labelHigh = high;
            labelLow = low;
            labelMaskHigh = maskHigh;
            labelMaskLow = maskLow;
            return this;
        }

        /** Names the helper of new connections ({@code alg=}); null for none. */
        public Builder helper(final String name) {
            helper = name;
            return this;
        }

        /** Sets the translation; null for none. */
        public Builder nat(final Nat description) {
            nat = description;
            return this;
        }

        /** Names the timeout policy of new connections; null for the default one. */
        public Builder timeoutPolicy(final String name) {
            timeoutPolicy = name;
            return this;
        }

        /**
         * {@return the action}
         *
         * @throws IllegalArgumentException if a part needs {@code commit} and it was not given
         */
        public CtAction build() {
            if (!commit) {
                final String part = force ? "force"
                    : markMask != 0 || (labelMaskHigh | labelMaskLow) != 0 ? "setting mark or label"
                    : nat != null && nat.kind() != Nat.Kind.KNOWN ? nat.toString()
                    : null;
                if (part != null) {
                    throw new IllegalArgumentException(part + " needs commit");
                }
            }
            return new CtAction(this);
        }
    }

    /** {@return the text that {@code ovs-ofctl} prints for it, without {@code table}} */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder("ct(");
        if (commit) {
            text.append("commit,");
        }
        if (force) {
            text.append("force,");
        }
        if (zone != 0) {
            text.append("zone=").append(zone).append(',');
        }
        if (nat != null) {
            text.append(nat).append(',');
        }
        if (timeoutPolicy != null) {
            text.append("timeout=").append(timeoutPolicy).append(',');
        }
        if (helper != null) {
            text.append("alg=").append(helper).append(',');
        }
        if (markMask != 0 || setsLabel()) {
            text.append("exec(");
            if (markMask != 0) {
                text.append("set_field:0x").append(Integer.toHexString(mark));
                text.append(markMask == -1 ? "" : "/0x" + Integer.toHexString(markMask)).append("->ct_mark,");
            }
            if (setsLabel()) {
                text.append("set_field:").append(hex(labelHigh, labelLow));
                text.append((labelMaskHigh & labelMaskLow) == -1 ? "" : "/" + hex(labelMaskHigh, labelMaskLow));
                text.append("->ct_label,");
            }
            text.setLength(text.length() - 1);
            text.append("),");
        }
        if (text.charAt(text.length() - 1) == ',') {
            text.setLength(text.length() - 1);
        }
        return text.append(')').toString();
    }

    /** {@return a 128-bit number as hexadecimal text without leading zeros} */
    static String hex(final long high, final long low) {
        return high == 0 ? "0x" + Long.toHexString(low) : "0x" + Long.toHexString(high) + String.format("%016x", low);
    }
}

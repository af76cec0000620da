// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * What to replay, and how. Immutable; make it with {@link #port}. Unless told otherwise, a replay runs
 * at full speed in a tracker of its own, whose clock follows the capture, and commits every packet in zone 0.
 */
public final class ReplayRequest {

    /** Which clock the replay's own tracker goes by. */
    public enum Clock {
        /**
         * The time stamps of the packets, in steps of a millisecond and never back: connections expire as they did when
         * the capture was taken, whatever the batch size.
         */
        CAPTURE,
        /** A clock that stands still: nothing expires. */
        FROZEN,
        /** The clock of this machine. */
        MONOTONIC
    }

    /** How fast packets are replayed. */
    public enum Pace {
        /** As fast as possible. */
        FULL,
        /** As far apart as they were captured. */
        CAPTURE
    }

    private final Builder parts;

    private ReplayRequest(final Builder parts) {
        this.parts = parts;
    }

    /** {@return a builder of a replay of what a port of this kind, opened with these options, delivers} */
    public static Builder port(final String kind, final Map<String, String> options) {
        final Builder builder = new Builder();
        builder.kind = Objects.requireNonNull(kind, "kind");
        builder.options = Map.copyOf(options);
        return builder;
    }

    /** {@return a builder of a replay of what this port delivers, whose name flows may use as {@code in_port}} */
    public static Builder port(final Port source) {
        final Builder builder = new Builder();
        builder.source = Objects.requireNonNull(source, "source");
        return builder;
    }

    /** {@return the port to replay, if it was given open} */
    public Optional<Port> source() {
        return Optional.ofNullable(parts.source);
    }

    /** {@return the kind of port to open otherwise} */
    public String kind() {
        return parts.kind;
    }

    /** {@return the options to open it with} */
    public Map<String, String> options() {
        return parts.options;
    }

    /** {@return further ports, numbered from 2 on, where packets can be sent; the replayed port is number 1} */
    public List<Port> outputs() {
        return parts.outputs;
    }

    /** {@return the flows to use, one a line; if empty, every packet is committed in zone 0 and sent to all outputs} */
    public List<String> flows() {
        return parts.flows;
    }

    /** {@return the tracker to use instead of one of its own, if one was given} */
    public Optional<Conntrack> conntrack() {
        return Optional.ofNullable(parts.conntrack);
    }

    /** {@return the datapath to use, with its flows, ports and tracker, instead of one of its own, if one was given} */
    public Optional<Datapath> datapath() {
        return Optional.ofNullable(parts.datapath);
    }

    /** {@return the settings of its own tracker} */
    public ConntrackSettings settings() {
        return parts.settings;
    }

    /** {@return the clock of its own tracker} */
    public Clock clock() {
        return parts.clock;
    }

    /** {@return how fast} */
    public Pace pace() {
        return parts.pace;
    }

    /** {@return how many packets go through the tables together, 1..32} */
    public int batchSize() {
        return parts.batchSize;
    }

    /** {@return who is shown every packet, if anyone} */
    public Optional<PacketObserver> observer() {
        return Optional.ofNullable(parts.observer);
    }

    /** {@return who is told how far it is, if anyone} */
    public Optional<ReplayProgress> progress() {
        return Optional.ofNullable(parts.progress);
    }

    /** Collects the parts of a {@link ReplayRequest}. Not thread-safe. */
    public static final class Builder {

        private Port source;
        private String kind;
        private Map<String, String> options = Map.of();
        private List<Port> outputs = List.of();
        private List<String> flows = List.of();
        private Conntrack conntrack;
        private Datapath datapath;
        private ConntrackSettings settings = ConntrackSettings.DEFAULT;
        private Clock clock = Clock.CAPTURE;
        private Pace pace = Pace.FULL;
        private int batchSize = PacketBatch.BURST;
        private PacketObserver observer;
        private ReplayProgress progress;

        private Builder() {
        }

        private Builder(final Builder other) {
            source = other.source;
            kind = other.kind;
            options = other.options;
            outputs = other.outputs;
            flows = other.flows;
            conntrack = other.conntrack;
            datapath = other.datapath;
            settings = other.settings;
            clock = other.clock;
            pace = other.pace;
            batchSize = other.batchSize;
            observer = other.observer;
            progress = other.progress;
        }

        /** Adds ports where packets can be sent, numbered from 2 on; the replay closes them. */
        public Builder outputs(final List<Port> ports) {
            outputs = List.copyOf(ports);
            return this;
        }

        /** Replaces the default action by these flows, one a line. */
        public Builder flows(final List<String> lines) {
            flows = List.copyOf(lines);
            return this;
        }

        /** Tracks in this tracker, by its clock; null for one of its own. */
        public Builder conntrack(final Conntrack tracker) {
            conntrack = tracker;
            return this;
        }

        /** Sends packets through this datapath as it is, with its flows and tracker; null for one of its own. */
        public Builder datapath(final Datapath through) {
            datapath = through;
            return this;
        }

        /** Sets the settings of its own tracker. */
        public Builder settings(final ConntrackSettings of) {
            settings = Objects.requireNonNull(of, "settings");
            return this;
        }

        /** Chooses the clock of its own tracker. */
        public Builder clock(final Clock choice) {
            clock = Objects.requireNonNull(choice, "clock");
            return this;
        }

        /** Chooses how fast packets are replayed. */
        public Builder pace(final Pace choice) {
            pace = Objects.requireNonNull(choice, "pace");
            return this;
        }

        /** Sets how many packets go through the tables together, 1..32. */
        public Builder batchSize(final int size) {
            if (size < 1 || size > PacketBatch.BURST) {
                throw new IllegalArgumentException("batch size " + size + " is not in 1 to " + PacketBatch.BURST);
            }
            batchSize = size;
            return this;
        }

        /** Shows every packet to an observer; null for nobody. */
        public Builder observer(final PacketObserver who) {
            observer = who;
            return this;
        }

        /** Tells someone a few times a second how far it is; null for nobody. */
        public Builder progress(final ReplayProgress who) {
            progress = who;
            return this;
        }

        /**
         * {@return the request}
         *
         * @throws IllegalArgumentException if parts exclude each other
         */
        public ReplayRequest build() {
            if (datapath != null && (conntrack != null || !flows.isEmpty() || !outputs.isEmpty())) {
                throw new IllegalArgumentException(
                    "a replay through a given datapath uses its tracker, flows and ports: give none of them");
            }
            return new ReplayRequest(new Builder(this));
        }
    }
}

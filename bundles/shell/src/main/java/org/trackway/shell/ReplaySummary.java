// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.trackway.conntrack.CtState;
import org.trackway.datapath.Flow;
import org.trackway.datapath.ReplayResult;

/** What a replay did, for people. */
final class ReplaySummary {

    private final ReplayResult result;
    private final String look;

    /**
     * Describes a replay.
     *
     * @param look what to enter to see its connections
     */
    ReplaySummary(final ReplayResult result, final String look) {
        this.result = result;
        this.look = look;
    }

    /** Prints it. */
    void print(final Console console) {
        console.println(console.bold(Units.count(result.packets(), "packet")) + ", " + Units.bytes(result.bytes())
            + " in " + Units.duration(result.elapsedNs()) + ": " + Units.rate(result.packetRate())
            + (result.interrupted() ? " (interrupted)" : ""));
        final Table states = new Table().number("Packets").text("ct_state");
        result.states().forEach((bits, packets) -> {
            final long left = bits == 0 ? packets - result.held() : packets;
            if (left > 0) {
                states.row(left, bits == 0 ? "not tracked" : CtState.format(bits));
            }
        });
        if (result.bypassed() > 0) {
            states.row(result.bypassed(), "taken by a fast path");
        }
        if (result.held() > 0) {
            states.row(result.held(), "fragments held back until the end");
        }
        if (!states.isEmpty()) {
            states.print(console);
        }
        if (result.bypassed() > 0) {
            printShares(console);
        }
        for (final Flow flow : result.flows()) {
            console.println(flow.toString());
        }
        console.println(console.bold(Units.count(result.connections(), "connection"))
            + (result.connections() == 0 ? "" : ": " + look));
    }

    /** Prints how the share of the packets that software sees has fallen. */
    private void printShares(final Console console) {
        final Table shares = new Table().number("Up to packet").number("In software").number("In hardware")
            .number("Software [%]");
        long upTo = 0;
        for (final ReplayResult.Slice slice : result.slices()) {
            upTo += slice.packets();
            final long software = slice.packets() - slice.bypassed();
            shares.row(upTo, software, slice.bypassed(), Math.round(100.0 * software / slice.packets()));
        }
        shares.print(console);
    }
}

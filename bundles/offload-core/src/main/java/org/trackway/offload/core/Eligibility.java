// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Set;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.TcpState;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.Capabilities.Translation;

/** Says which connections are offered, and why the others are not. No state. */
final class Eligibility {

    private static final long MS = 1_000_000;

    private Eligibility() {
    }

    /** {@return whether a connection is offered to anybody: yes, not yet, or no, and why} */
    static Answer toAnybody(final Connection connection, final OffloadSettings settings, final long nowNs) {
        final int protocol = connection.original().protocol();
        if (connection.helper().isPresent()) {
            return Answer.no("helper " + connection.helper().get() + " has to see its packets");
        }
        if (isClosing(connection)) {
            return Answer.no("it is closing");
        }
        if (!has(settings.protocols(), protocol)) {
            return Answer.no("protocol " + protocol + " is not offered");
        }
        if (!has(settings.zones(), connection.zone())) {
            return Answer.no("zone " + connection.zone() + " is not offered");
        }
        final long packets = connection.originalCount().packets() + connection.replyCount().packets();
        if (packets < settings.minPackets()) {
            return Answer.later("it has had " + packets + " of " + settings.minPackets() + " packets");
        }
        final long ageNs = nowNs - connection.createdNs();
        if (ageNs < settings.minAgeMs() * MS) {
            return Answer.later("it is " + ageNs / MS + " of " + settings.minAgeMs() + " ms old");
        }
        return Answer.ACCEPTED;
    }

    /** {@return whether a provider with these capabilities is offered a connection; if not, why} */
    static Answer byCapabilities(final Connection connection, final Capabilities capabilities) {
        final Tuple original = connection.original();
        final Tuple reply = connection.reply();
        if (!has(capabilities.protocols(), original.protocol())) {
            return Answer.no("it can't do protocol " + original.protocol());
        }
        if (!(original.source().v6() ? capabilities.v6() : capabilities.v4())) {
            return Answer.no("it can't do IPv" + (original.source().v6() ? 6 : 4));
        }
        if (!has(capabilities.zones(), connection.zone())) {
            return Answer.no("it can't do zone " + connection.zone());
        }
        if (!capabilities.nat().contains(Translation.SOURCE) && !(reply.destination().equals(original.source())
                && reply.destinationPort() == original.sourcePort())) {
            return Answer.no("it can't translate sources");
        }
        if (!capabilities.nat().contains(Translation.DESTINATION) && !(reply.source().equals(original.destination())
                && reply.sourcePort() == original.destinationPort())) {
            return Answer.no("it can't translate destinations");
        }
        return Answer.ACCEPTED;
    }

    private static boolean has(final Set<Integer> allowed, final int number) {
        return allowed.isEmpty() || allowed.contains(number);
    }

    /** {@return whether one of its peers has begun to end it} */
    static boolean isClosing(final Connection connection) {
        return connection.tcp().isPresent() && later(connection.tcp().get()).compareTo(TcpState.ESTABLISHED) > 0;
    }

    private static TcpState later(final Connection.Tcp tcp) {
        final TcpState original = tcp.original().state();
        final TcpState reply = tcp.reply().state();
        return original.compareTo(reply) >= 0 ? original : reply;
    }

    /** {@return whether it was seen in both directions (TCP: its handshake is complete)} */
    static boolean isEstablished(final Connection connection) {
        return connection.tcp().map(tcp -> tcp.original().state().compareTo(TcpState.ESTABLISHED) >= 0
            && tcp.reply().state().compareTo(TcpState.ESTABLISHED) >= 0)
            .orElseGet(() -> connection.state().equals("BIDIR") || connection.state().equals("REPLY"));
    }
}

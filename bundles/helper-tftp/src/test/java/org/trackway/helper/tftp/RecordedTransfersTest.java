// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.tftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Recordings;

/** Transfers between real clients and a real server (tftpd-hpa), recorded for this project. */
class RecordedTransfersTest {

    private final Conntrack tracker = Trackers.with(new TftpHelper());
    private Nat translation;

    @ParameterizedTest
    @ValueSource(strings = {"tftp4_get", "tftp4_put", "tftp6_get", "tftp4_get_curl_opts"})
    void theTransferIsRelatedToItsRequest(final String name) throws IOException {
        final List<Packet> packets = read(name);
        final IpAddress client = source(packets.get(0));
        for (final Packet packet : packets) {
            pass(packet, source(packet).equals(client));
        }
        assertTransfer(packets);
    }

    @Test
    void oddity25ATransferThroughANewSourcePortIsWhatTheRouterMadeOfIt() throws IOException {
        final List<Packet> inside = read("nat_tftp4_get.inside");
        final List<Packet> beyond = read("nat_tftp4_get.outside");
        final IpAddress client = source(inside.get(0));
        final IpAddress outside = source(beyond.get(0));
        final int port = Bytes.u16(beyond.get(0).data(), beyond.get(0).l4Offset());
        assertThat(port).isNotEqualTo(Bytes.u16(inside.get(0).data(), inside.get(0).l4Offset()));
        translation = new Nat(Nat.Kind.SOURCE, outside, outside, port, port, false, false);
        final Iterator<Packet> recorded = beyond.iterator();
        final List<Packet> made = new ArrayList<>();
        for (final Packet packet : inside) {
            final Packet other = recorded.next();
            final boolean clients = source(packet).equals(client);
            final Packet passed = clients ? packet : other;
            final byte[] wanted = network(clients ? other : packet);
            pass(passed, clients);
            assertThat(network(passed)).as("packet %d", made.size() + 1).isEqualTo(wanted);
            made.add(passed);
        }
        assertTransfer(made);
    }

    private void assertTransfer(final List<Packet> packets) {
        assertThat(CtState.format(packets.get(0).ctState() & ~CtState.NAT)).isEqualTo("new|trk");
        assertThat(CtState.format(packets.get(1).ctState() & ~CtState.NAT)).isEqualTo("new|rel|trk");
        assertThat(packets.subList(2, packets.size())).allMatch(packet -> (packet.ctState() & CtState.RELATED) != 0
            && (packet.ctState() & (CtState.NEW | CtState.INVALID)) == 0);
        assertThat(tracker.expectations(OptionalInt.of(1))).hasSize(1);
        assertThat(tracker.count()).isEqualTo(2);
    }

    // ---- the flows of a router ----

    private void pass(final Packet packet, final boolean fromClient) {
        final Nat known = translation == null ? null : Nat.KNOWN;
        if (fromClient) {
            execute(packet, true, isRequest(packet) ? "tftp" : null, translation);
        } else {
            execute(packet, false, null, known);
            if ((packet.ctState() & (CtState.NEW | CtState.RELATED)) == (CtState.NEW | CtState.RELATED)) {
                execute(packet, true, null, known);
            }
        }
    }

    private void execute(final Packet packet, final boolean commit, final String helper, final Nat nat) {
        final CtAction.Builder action = CtAction.builder().zone(1);
        if (commit) {
            action.commit();
        }
        if (helper != null) {
            action.helper(helper);
        }
        if (nat != null) {
            action.nat(nat);
        }
        final PacketBatch batch = new PacketBatch();
        batch.add(packet);
        tracker.execute(batch, action.build(), tracker.now());
    }

    // ---- packets ----

    /** All of the network layer but for the time to live, which a router lowers, and its checksum. */
    private static byte[] network(final Packet packet) {
        packet.parse();
        final byte[] bytes =
            Arrays.copyOfRange(packet.data(), packet.l3Offset(), packet.l3Offset() + packet.l3Length());
        bytes[8] = 0;
        Bytes.put16(bytes, 10, 0);
        return bytes;
    }

    private static boolean isRequest(final Packet packet) {
        packet.parse();
        return Bytes.u16(packet.data(), packet.l4Offset() + 2) == 69;
    }

    private static IpAddress source(final Packet packet) {
        packet.parse();
        final int l3 = packet.l3Offset();
        return packet.etherType() == EtherType.IPV4 ? IpAddress.v4(Bytes.i32(packet.data(), l3 + 12))
            : IpAddress.v6(Bytes.i64(packet.data(), l3 + 8), Bytes.i64(packet.data(), l3 + 16));
    }

    private List<Packet> read(final String name) throws IOException {
        return Recordings.read(getClass().getResourceAsStream(name + ".pcap"));
    }
}

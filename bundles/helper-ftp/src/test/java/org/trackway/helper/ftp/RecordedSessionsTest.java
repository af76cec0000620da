// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Recordings;

/**
 * Sessions of real clients with a real server (vsftpd), recorded for this project. Those of {@code nat_*} were recorded on
 * both sides of a Linux router with its own helper: what the tracker makes of one side must be the other.
 */
class RecordedSessionsTest {

    private final Conntrack tracker = Trackers.with(new FtpHelper());
    private IpAddress client;
    private Nat translation;
    /** What every packet goes through in front of its flow's action, or null. */
    private CtAction first;
    private final List<String> dataStates = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"ftp4_pasv,1", "ftp4_epsv,1", "ftp4_port,1", "ftp4_eprt,1", "ftp6_epsv,1", "ftp6_eprt,1",
        "ftp4_pasv_put_lftp,2", "ftp4_port_ls_lftp,2"})
    void dataConnectionsOfAPlainSessionAreRelated(final String name, final int connections) throws IOException {
        for (final Packet packet : read(name)) {
            pass(packet);
        }
        assertData(connections);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nat_ftp4_pasv", "nat_ftp4_epsv", "nat_ftp4_port", "nat_ftp4_eprt", "fwd_ftp6_eprt"})
    void aTranslatedSessionIsWhatTheRouterMadeOfIt(final String name) throws IOException {
        replay(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nat_ftp4_pasv", "nat_ftp4_epsv", "nat_ftp4_port", "nat_ftp4_eprt", "fwd_ftp6_eprt"})
    void soItIsIfEveryPacketIsLookedUpFirst(final String name) throws IOException {
        first = CtAction.builder().zone(1).build();
        replay(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nat_ftp4_pasv", "nat_ftp4_epsv", "nat_ftp4_port", "nat_ftp4_eprt", "fwd_ftp6_eprt"})
    void soItIsIfEveryPacketIsTranslatedFirst(final String name) throws IOException {
        first = CtAction.builder().zone(1).nat(Nat.KNOWN).build();
        replay(name);
    }

    private void replay(final String name) throws IOException {
        final List<Packet> inside = read(name + ".inside");
        final List<Packet> beyond = read(name + ".outside");
        // The router chose a source port of its own; it is asked for here.
        final IpAddress outside = source(beyond.get(0));
        final int port = Bytes.u16(beyond.get(0).data(), beyond.get(0).l4Offset());
        translation = outside.equals(source(inside.get(0))) ? null
            : new Nat(Nat.Kind.SOURCE, outside, outside, port, port, false, false);
        client = source(inside.get(0));
        final IpAddress server = destination(inside.get(0));
        final Iterator<Packet> answers = beyond.stream().filter(p -> source(p).equals(server)).iterator();
        final List<Packet> wantedBeyond = beyond.stream().filter(p -> !source(p).equals(server)).toList();
        final List<Packet> wantedInside = inside.stream().filter(p -> !source(p).equals(client)).toList();
        final List<Packet> madeBeyond = new ArrayList<>();
        final List<Packet> madeInside = new ArrayList<>();
        for (final Packet packet : inside) {
            final boolean clients = source(packet).equals(client);
            final Packet passed = clients ? packet : answers.next();
            // It did so for data connections too; the tracker leaves their ports alone.
            if (!isControl(packet)) {
                if (clients) {
                    copyPort(packet, wantedBeyond.get(madeBeyond.size()), 0);
                } else {
                    copyPort(packet, passed, 2);
                }
            }
            pass(passed);
            (clients ? madeBeyond : madeInside).add(passed);
        }
        assertSame(madeBeyond, wantedBeyond);
        assertSame(madeInside, wantedInside);
        assertData(1);
    }

    // ---- the flows of a router ----

    private void pass(final Packet packet) {
        if (client == null) {
            client = source(packet);
        }
        final boolean data = !isControl(packet);
        final boolean clients = source(packet).equals(client);
        if (first != null) {
            execute(packet, first);
        }
        if (clients) {
            execute(packet, true, data ? null : "ftp", translation);
        } else {
            final Nat bare = translation == null ? null : Nat.KNOWN;
            execute(packet, false, null, bare);
            if ((packet.ctState() & (CtState.NEW | CtState.RELATED)) == (CtState.NEW | CtState.RELATED)) {
                execute(packet, true, null, bare);
            }
        }
        assertThat(packet.ctState() & CtState.INVALID).isZero();
        if (data) {
            dataStates.add(CtState.format(packet.ctState() & (CtState.NEW | CtState.RELATED)));
        } else {
            assertThat(packet.ctState() & CtState.RELATED).isZero();
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
        execute(packet, action.build());
    }

    private void execute(final Packet packet, final CtAction action) {
        final PacketBatch batch = new PacketBatch();
        batch.add(packet);
        tracker.execute(batch, action, tracker.now());
    }

    private void assertData(final int connections) {
        assertThat(dataStates).allMatch(state -> state.contains("rel"));
        assertThat(dataStates.stream().filter(state -> state.contains("new")).count()).isEqualTo(connections);
        assertThat(tracker.expectations(OptionalInt.of(1))).isNotEmpty();
    }

    // ---- packets ----

    /** All of the network layer is the same but for the time to live, which a router lowers, and its checksum. */
    private static void assertSame(final List<Packet> made, final List<Packet> wanted) {
        assertThat(made).hasSameSizeAs(wanted);
        for (int i = 0; i < made.size(); i++) {
            assertThat(network(made.get(i))).as("packet %d", i + 1).isEqualTo(network(wanted.get(i)));
        }
    }

    private static byte[] network(final Packet packet) {
        packet.parse();
        final byte[] bytes =
            Arrays.copyOfRange(packet.data(), packet.l3Offset(), packet.l3Offset() + packet.l3Length());
        if (packet.etherType() == EtherType.IPV4) {
            bytes[8] = 0;
            Bytes.put16(bytes, 10, 0);
        } else {
            bytes[7] = 0;
        }
        return bytes;
    }

    private static void copyPort(final Packet from, final Packet to, final int field) {
        from.parse();
        to.parse();
        final byte[] data = to.data();
        final int l4 = to.l4Offset();
        final int port = Bytes.u16(from.data(), from.l4Offset() + field);
        Bytes.put16(data, l4 + 16,
            Checksums.update16(Bytes.u16(data, l4 + 16), Bytes.u16(data, l4 + field), port));
        Bytes.put16(data, l4 + field, port);
    }

    private static boolean isControl(final Packet packet) {
        packet.parse();
        return Bytes.u16(packet.data(), packet.l4Offset()) == 21 || Bytes.u16(packet.data(), packet.l4Offset() + 2) == 21;
    }

    private static IpAddress source(final Packet packet) {
        return address(packet, 12, 8);
    }

    private static IpAddress destination(final Packet packet) {
        return address(packet, 16, 24);
    }

    private static IpAddress address(final Packet packet, final int at4, final int at6) {
        packet.parse();
        final int l3 = packet.l3Offset();
        return packet.etherType() == EtherType.IPV4 ? IpAddress.v4(Bytes.i32(packet.data(), l3 + at4))
            : IpAddress.v6(Bytes.i64(packet.data(), l3 + at6), Bytes.i64(packet.data(), l3 + at6 + 8));
    }

    private List<Packet> read(final String name) throws IOException {
        return Recordings.read(getClass().getResourceAsStream(name + ".pcap"));
    }
}

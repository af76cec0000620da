// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

class FragmentsTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int TRACKED_NEW = CtState.TRACKED | CtState.NEW;
    private static final ConntrackSettings SMALL =
        ConntrackSettings.DEFAULT.withFragments(true, true, 400, 400, 1000);

    private final FragmentsDriver driver = new FragmentsDriver();

    // ---- holding and releasing ----

    @Test
    void aDatagramIsTrackedWholeWhenItsLastFragmentComesAndLeavesInTheFragmentsThatCame() {
        final List<Packet> parts = udp4(1).fragments(1200);
        final List<byte[]> before = parts.stream().map(Packet::bytes).toList();

        assertThat(driver.run(parts.get(0))).isEmpty();
        assertThat(driver.run(parts.get(1))).isEmpty();
        assertThat(driver.run(parts.get(2))).containsExactlyElementsOf(parts);

        assertThat(driver.tracked).hasSize(1);
        assertThat(driver.tracked.get(0)).isEqualTo(udp4(1).bytes());
        assertThat(driver.trackedPackets.get(0).l3Checksum()).isEqualTo(Packet.CHECKSUM_GOOD);
        assertThat(parts).allMatch(part -> part.ctState() == TRACKED_NEW && part.isKept());
        assertThat(parts.stream().map(Packet::bytes).toList()).containsExactlyElementsOf(before);
        assertThat(driver.status().v4()).isEqualTo(new FragmentStatus.Counts(3, 3, 0, 0, 0, 0));
        assertThat(driver.status().held()).isZero();
        assertThat(driver.status().datagrams()).isEmpty();
    }

    @Test
    void fragmentsLeaveInTheOrderOfTheirOffsetsWhateverTheOrderTheyCameIn() {
        final List<Packet> parts = udp4(1).fragments(1200);
        assertThat(driver.run(parts.get(2), parts.get(0), parts.get(1))).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(0)).isEqualTo(udp4(1).bytes());
    }

    @Test
    void otherPacketsOfTheBatchKeepTheirOrderAndReleasedFragmentsFollowThem() {
        final List<Packet> parts = udp4(1).fragments(1200);
        final Packet one = Packets.udp4("10.1.1.1", 1, "10.1.1.2", 2).build();
        final Packet two = Packets.udp6("fd00::1", 1, "fd00::2", 2).build();
        assertThat(driver.run(one, parts.get(0), parts.get(1), parts.get(2), two))
            .containsExactly(one, two, parts.get(0), parts.get(1), parts.get(2));
        assertThat(driver.trackedPackets).extracting(Packet::length)
            .containsExactly(one.length(), 14 + 3028, two.length());
    }

    @Test
    void anIpv6DatagramIsTrackedWithoutItsFragmentHeader() {
        final List<Packet> parts = udp6(7).fragments(1304);
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(0)).isEqualTo(udp6(7).bytes());
        assertThat(driver.status().v6()).isEqualTo(new FragmentStatus.Counts(3, 3, 0, 0, 0, 0));
    }

    @Test
    void ipv6ExtensionHeadersBeforeTheFragmentHeaderStayInTheDatagram() {
        final Packets whole = udp6(7).extension(IpProtocol.HOP_BY_HOP, 8).extension(IpProtocol.ROUTING, 24);
        final List<Packet> parts = whole.fragments(1304);
        assertThat(driver.run(parts.get(1), parts.get(2), parts.get(0))).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(0)).isEqualTo(whole.bytes());
    }

    @Test
    void ipv6ExtensionHeadersBehindTheFragmentHeaderAreReassembled() {
        // Cut by hand: a destination options header, then UDP, all of it behind the fragment header.
        final Packet whole = udp6(7).extension(IpProtocol.DESTINATION_OPTIONS, 16).build();
        final byte[] carried = Arrays.copyOfRange(whole.bytes(), 14 + 40, whole.length());
        final List<Packet> parts = Packets.ip6(IpProtocol.DESTINATION_OPTIONS, "fc00::1", "fc00::2").id(7)
            .payload(carried).fragments(1304);
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(0)).isEqualTo(whole.bytes());
        assertThat(driver.trackedPackets.get(0).protocol()).isEqualTo(IpProtocol.UDP);
        assertThat(driver.trackedPackets.get(0).l4Length()).isEqualTo(3008);
    }

    @Test
    void vlanTagsPaddingAndIpOptionsDontHinder() {
        final Packets whole = udp4(1).vlan(5).vlan(6).ipOptions(1, 1, 1, 1).padding(3);
        final List<Packet> parts = whole.fragments(1200);
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(0)).isEqualTo(whole.padding(0).bytes());
    }

    @Test
    void zonesAddressesProtocolsAndIdentificationsKeepDatagramsApart() {
        final List<Packet> parts = udp4(1).fragments(2000);
        driver.zone = 1;
        assertThat(driver.run(parts.get(0))).isEmpty();
        driver.zone = 2;
        assertThat(driver.run(parts.get(1))).isEmpty();
        driver.zone = 1;
        assertThat(driver.run(udp4(2).fragments(2000).get(1))).isEmpty();
        final Packets elsewhere = Packets.udp4("10.1.1.3", 1, "10.1.1.2", 2).payloadSize(3000).id(1);
        assertThat(driver.run(elsewhere.fragments(2000).get(1))).isEmpty();
        final Packets tcp = Packets.tcp4("10.1.1.1", 1, "10.1.1.2", 2).payloadSize(3000).id(1);
        assertThat(driver.run(tcp.fragments(2000).get(1))).isEmpty();
        assertThat(driver.tracked).isEmpty();
        assertThat(driver.run(udp4(1).fragments(2000).get(1))).hasSize(2);
    }

    @Test
    void aFragmentMayBelongToTheSameDatagramInAnotherZoneOnceItHasLeftTheFirst() {
        final List<Packet> parts = udp4(1).fragments(1200);
        driver.zone = 1;
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        driver.zone = 2;
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        assertThat(driver.tracked).hasSize(2);
        assertThat(driver.status().v4().completed()).isEqualTo(6);
    }

    @Test
    void aDatagramLeavesWithABatchFromThePortOfItsFirstFragment() {
        final Port inside = new NamedPort("inside");
        final Port outside = new NamedPort("outside");
        final List<Packet> parts = udp4(1).fragments(2000);
        parts.get(0).inPort(inside);
        parts.get(1).inPort(outside);
        assertThat(driver.run(parts)).as("completed by a fragment from the other port").isEmpty();
        final Packet other = small(outside);
        assertThat(driver.run(other)).containsExactly(other);
        final Packet v6 = Packets.udp6("fd00::1", 1, "fd00::2", 2).build();
        v6.inPort(inside);
        assertThat(driver.run(v6)).containsExactly(v6);
        assertThat(driver.status().datagrams()).extracting(FragmentStatus.Datagram::state).containsExactly("complete");
        final Packet same = small(inside);
        assertThat(driver.run(same)).containsExactly(same, parts.get(0), parts.get(1));
        assertThat(driver.status().held()).isZero();
    }

    @Test
    void whileADatagramIsBeingTrackedAFragmentOfTheSameNameIsLeftToTheTracker() {
        final List<Packet> parts = udp4(1).fragments(2000);
        final PacketBatch batch = FragmentsDriver.batch(parts);
        driver.fragments.before(batch, 0, SMALL, 0);
        final Packet late = udp4(1).fragments(2000).get(1);
        final PacketBatch other = FragmentsDriver.batch(List.of(late));
        driver.fragments.before(other, 0, SMALL, 0);
        assertThat(FragmentsDriver.list(other)).containsExactly(late);
        assertThat(late.ctState()).isZero();
        driver.fragments.after(other, 0, 0);
        assertThat(FragmentsDriver.list(other)).as("another batch can't take it away").containsExactly(late);
        driver.fragments.after(batch, 0, 0);
        assertThat(FragmentsDriver.list(batch)).containsExactlyElementsOf(parts);
    }

    // ---- refusing ----

    @Test
    void anOverlappingOrRepeatedFragmentIsInvalidAndTheFirstCopyStays() {
        final List<Packet> parts = udp4(1).fragments(1200);
        final Packet repeated = udp4(1).fragments(1200).get(0);
        final Packet overlapping = piece4(1192, 1208, true);
        driver.run(parts.get(0));
        assertThat(driver.run(repeated)).containsExactly(repeated);
        assertThat(driver.run(overlapping)).containsExactly(overlapping);
        assertThat(repeated.ctState()).isEqualTo(CtState.INVALID);
        assertThat(overlapping.ctState()).isEqualTo(CtState.INVALID);
        assertThat(driver.run(parts.get(1), parts.get(2))).containsExactlyElementsOf(parts);
        assertThat(driver.tracked.get(driver.tracked.size() - 1)).isEqualTo(udp4(1).bytes());
        assertThat(driver.status().v4().overlapped()).isEqualTo(2);
    }

    @Test
    void aFragmentThatEnclosesAHeldOneIsInvalidToo() {
        final List<Packet> parts = udp4(1).fragments(1200);
        final Packet enclosing = piece4(0, 2800, true);
        assertThat(driver.run(parts.get(1))).isEmpty();
        assertThat(driver.run(enclosing)).containsExactly(enclosing);
        assertThat(enclosing.ctState()).isEqualTo(CtState.INVALID);
        assertThat(driver.status().v4().overlapped()).isEqualTo(1);
        assertThat(driver.run(parts.get(0), parts.get(2))).as("the datagram still completes")
            .containsExactlyElementsOf(parts);
    }

    @Test
    void aFragmentThatIsNotTheLastMustHaveTheMinimumSize() {
        final Packet small4 = piece4(0, 1176, true);
        final Packet enough4 = piece4(1200, 1184, true);
        final Packet small6 = piece6(0, 1224, true);
        final Packet enough6 = piece6(1304, 1232, true);
        assertThat(driver.run(small4, enough4, small6, enough6)).containsExactly(small4, small6);
        assertThat(small4.ctState()).isEqualTo(CtState.INVALID);
        assertThat(small6.ctState()).isEqualTo(CtState.INVALID);
        assertThat(driver.status().v4().tooSmall()).isEqualTo(1);
        assertThat(driver.status().v6().tooSmall()).isEqualTo(1);
        assertThat(driver.status().held()).isEqualTo(2);
    }

    @Test
    void smallIpv4FragmentsAreRefusedEvenIfIpv6AloneIsReassembled() {
        driver.settings = ConntrackSettings.DEFAULT.withFragments(false, true, 1200, 1280, 1000);
        final Packet small = piece4(0, 800, true);
        final Packet large = piece4(0, 1200, true);
        assertThat(driver.run(small, large)).containsExactly(small, large);
        assertThat(small.ctState()).isEqualTo(CtState.INVALID);
        assertThat(large.ctState()).as("the tracker's to judge").isEqualTo(TRACKED_NEW);
        assertThat(driver.status().v4()).isEqualTo(new FragmentStatus.Counts(0, 0, 0, 1, 0, 0));
    }

    @Test
    void withBothFamiliesOffFragmentsPassButThoseHeldStillLeave() {
        final List<Packet> parts = udp4(1).fragments(2000);
        final PacketBatch batch = FragmentsDriver.batch(parts);
        driver.fragments.before(batch, 0, SMALL, 0);
        driver.fragments.after(batch, 0, 0);
        assertThat(FragmentsDriver.list(batch)).containsExactlyElementsOf(parts);

        driver.run(udp4(2).fragments(2000).get(0));
        driver.settings = ConntrackSettings.DEFAULT.withFragments(false, false, 1200, 1280, 1000);
        final Packet small = piece4(0, 800, true);
        assertThat(driver.run(small)).containsExactly(small);
        assertThat(small.ctState()).isEqualTo(TRACKED_NEW);
        driver.nowNs = 15 * SECOND + 1;
        driver.run(small(null));
        assertThat(driver.status().v4().expired()).isEqualTo(1);
    }

    @Test
    void aWrongIpv4HeaderChecksumMakesAFragmentInvalid() {
        final Packet wrong = udp4(1).badIpChecksum().fragments(1200).get(0);
        final Packet right = udp4(1).fragments(1200).get(1);
        assertThat(driver.run(wrong, right)).containsExactly(wrong);
        assertThat(wrong.ctState()).isEqualTo(CtState.INVALID);
        assertThat(driver.fragments.headersChecked()).isEqualTo(2);
        assertThat(driver.fragments.headersWrong()).isEqualTo(1);
        assertThat(driver.run(wrong)).as("known to be wrong by now").containsExactly(wrong);
        assertThat(driver.fragments.headersChecked()).isEqualTo(2);
        assertThat(driver.fragments.headersWrong()).isEqualTo(2);
    }

    @Test
    void dataBehindTheLastFragmentAndASecondLastOneAreInvalid() {
        driver.settings = SMALL;
        assertThat(driver.run(piece4(2400, 608, false))).isEmpty();
        assertInvalid(piece4(3008, 400, true));
        assertInvalid(piece4(4000, 100, false));
        assertInvalid(piece4(1200, 100, false));
        assertThat(driver.run(piece4(1200, 1200, true))).isEmpty();
        assertThat(driver.run(piece4(0, 1200, true))).hasSize(3);
    }

    @Test
    void aLastFragmentBeforeHeldDataIsInvalid() {
        driver.settings = SMALL;
        assertThat(driver.run(piece6(4000, 1200, true))).isEmpty();
        assertInvalid(piece6(800, 100, false));
        assertThat(driver.status().v6().overlapped()).isZero();
        assertThat(driver.status().datagrams()).extracting(FragmentStatus.Datagram::state)
            .containsExactly("other frag");
    }

    @Test
    void anEmptyFragmentOneCutUnevenlyAndOneBeyondTheLongestDatagramAreInvalid() {
        driver.settings = SMALL;
        assertInvalid(piece4(1200, 0, false));
        assertInvalid(piece4(0, 1201, true));
        assertInvalid(piece4(65528, 8, false));
        assertInvalid(piece4(65000, 520, true));
        assertInvalid(piece6(65528, 8, false));
        assertInvalid(piece6(0, 1199, true));
        assertThat(driver.status().held()).isZero();
        assertThat(driver.run(piece6(65528, 7, false))).as("ends at 65535, which IPv6 can say").isEmpty();
        assertThat(driver.run(piece4(65512, 3, false))).as("ends at 65515 behind 20 bytes of header").isEmpty();
    }

    @Test
    void theLongestDatagramsAreReassembled() {
        final Packets v4 = Packets.udp4("10.1.1.1", 1, "10.1.1.2", 2).payloadSize(65535 - 28).id(1);
        final Packets v6 = Packets.udp6("fc00::1", 1, "fc00::2", 2).payloadSize(65535 - 8).id(1);
        assertThat(driver.run(v4.fragments(1480))).hasSize(45);
        assertThat(driver.run(v6.fragments(1448))).hasSize(46);
        assertThat(driver.tracked.get(0)).isEqualTo(v4.bytes());
        assertThat(driver.tracked.get(1)).isEqualTo(v6.bytes());
    }

    @Test
    void aDatagramThatGetsTooLongWithTheHeaderOfItsFirstFragmentFails() {
        // The last fragment fits behind its own 20 bytes of header, but not behind the first one's 60.
        final int[] options = new int[40];
        Arrays.fill(options, 1);
        for (int at = 1480; at < 65515; at += 1480) {
            final int length = Math.min(1480, 65515 - at);
            assertThat(driver.run(piece4(at, length, at + length < 65515))).isEmpty();
        }
        final Packet first = Packets.ip4(17, "10.1.1.1", "10.1.1.2").id(1).ipOptions(options).fragment(0, true)
            .payload(new byte[1480]).build();
        assertThat(driver.run(first)).isEmpty();
        assertThat(driver.status().datagrams()).extracting(FragmentStatus.Datagram::state)
            .containsExactly("reassemble fail");
        final Packet more = piece4(0, 1480, true);
        assertThat(driver.run(more)).as("no more are taken").containsExactly(more);
        driver.nowNs = 15 * SECOND + 1;
        driver.run(small(null));
        assertThat(driver.status().v4().expired()).isEqualTo(45);
    }

    @Test
    void anAtomicFragmentAndReservedBitsAloneAreNoFragments() {
        final Packet atomic = udp6(1).payloadSize(100).fragment(0, false).build();
        final Packet reserved = udp6(1).payloadSize(100).fragment(2, false).build();
        assertThat(driver.run(atomic, reserved)).containsExactly(atomic, reserved);
        assertThat(driver.tracked).hasSize(2);
        assertThat(driver.status().held()).isZero();
    }

    @Test
    void aFragmentInAFragmentStaysOne() {
        // The inner fragment header belongs to what the outer one carries, so the whole is still no datagram.
        final Packet inner = udp6(9).fragments(1304).get(1);
        final byte[] carried = Arrays.copyOfRange(inner.bytes(), 54, inner.length());
        final List<Packet> parts = Packets.ip6(IpProtocol.FRAGMENT, "fc00::1", "fc00::2").id(7).payload(carried)
            .fragments(1240);
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts);
        assertThat(driver.trackedPackets.get(0).fragment()).isEqualTo(Packet.LATER_FRAGMENT);
    }

    // ---- limits and time ----

    @Test
    void noMoreThanTheMaximumIsHeldAndTheRestIsLeftToTheTracker() {
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 1200, 1280, 3);
        final List<Packet> left = new ArrayList<>();
        for (int id = 0; id < 5; id++) {
            left.addAll(driver.run(udp4(id).fragments(1200).get(0)));
        }
        assertThat(left).hasSize(2).allMatch(packet -> packet.ctState() == TRACKED_NEW && !packet.isKept());
        assertThat(driver.status().held()).isEqualTo(3);
        assertThat(driver.status().v4().accepted()).isEqualTo(3);
    }

    @Test
    void anIpv4DatagramMayHaveAsManyFragmentsAsLargeOnesCanMakeIt() {
        // Last fragments may be of any size: a sender of tiny ones must not fill a list.
        final FragmentList list = new FragmentList(null, 0);
        for (int i = 0; i < 58; i++) {
            assertThat(list.add(part(i * 8), 58)).isEqualTo(FragmentList.Answer.HELD);
        }
        assertThat(list.add(part(8000), 58)).isEqualTo(FragmentList.Answer.CLOSED);
    }

    @Test
    void aDatagramHasFifteenSecondsFromItsFirstFragmentOn() {
        final List<Packet> parts = udp4(1).fragments(1200);
        driver.run(parts.get(0));
        driver.nowNs = 14 * SECOND;
        driver.run(parts.get(1));
        driver.nowNs = 15 * SECOND;
        assertThat(driver.run(parts.get(2))).hasSize(3);

        driver.run(udp4(2).fragments(1200).get(0));
        driver.run(udp4(3).fragments(1200).get(0));
        driver.nowNs = 30 * SECOND;
        driver.run(small(null));
        assertThat(driver.status().v4().expired()).isZero();
        driver.nowNs = 30 * SECOND + 1;
        driver.run(small(null));
        assertThat(driver.status().v4().expired()).as("one datagram a batch").isEqualTo(1);
        driver.run(small(null));
        assertThat(driver.status().v4().expired()).isEqualTo(2);
        assertThat(driver.status().held()).isZero();
    }

    @Test
    void aFragmentDoesNotMeetThoseOfADatagramThatRanOutOfTime() {
        final List<Packet> parts = udp4(1).fragments(1200);
        driver.run(parts.get(0), parts.get(1));
        driver.nowNs = 16 * SECOND;
        assertThat(driver.run(parts.get(2))).isEmpty();
        assertThat(driver.status().v4()).isEqualTo(new FragmentStatus.Counts(3, 0, 2, 0, 0, 0));
        assertThat(driver.status().datagrams()).extracting(FragmentStatus.Datagram::state).containsExactly("last frag");
    }

    @Test
    void whatIsTenSecondsOverdueIsPurgedEvenWithoutPackets() {
        driver.run(udp4(1).fragments(1200).get(0));
        driver.run(udp6(2).fragments(1304).get(1));
        final List<Packet> parts = udp4(3).fragments(2000);
        parts.get(0).inPort(new NamedPort("gone"));
        driver.run(parts);
        driver.fragments.purge(25 * SECOND);
        assertThat(driver.status().held()).isEqualTo(4);
        driver.fragments.purge(25 * SECOND + 1);
        assertThat(driver.status().held()).isZero();
        assertThat(driver.status().datagrams()).isEmpty();
        assertThat(driver.status().v4().purged()).isEqualTo(3);
        assertThat(driver.status().v6().purged()).isEqualTo(1);
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 1200, 1280, 2);
        assertThat(driver.run(udp4(3).fragments(2000))).as("there is room again").hasSize(2);
    }

    @Test
    void statusNamesEachDatagramAndHowFarItIs() {
        driver.zone = 5;
        driver.run(udp4(4464).fragments(1200).get(0));
        driver.run(piece6(0x80000000, 1304, 1304, true));
        driver.run(udp4(3).fragments(1200).get(2));
        final List<Packet> both = udp4(4).fragments(1200);
        driver.run(both.get(0), both.get(2));
        assertThat(driver.status().datagrams()).containsExactly(
            datagram("10.1.1.1", "10.1.1.2", 4464, 17, 1, "first frag"),
            datagram("fc00::1", "fc00::2", 2147483648L, 0, 1, "other frag"),
            datagram("10.1.1.1", "10.1.1.2", 3, 17, 1, "last frag"),
            datagram("10.1.1.1", "10.1.1.2", 4, 17, 2, "first/last frag"));
    }

    // ---- what tracking did ----

    @Test
    void everyFragmentGetsStateZoneMarkLabelAndOriginalTuple() {
        final List<Packet> parts = udp4(1).fragments(1200);
        parts.get(0).ctConnection(5, false, false);
        driver.tracker = whole -> {
            whole.ctState(CtState.TRACKED | CtState.ESTABLISHED | CtState.REPLY);
            whole.ctZone(9);
            whole.ctMark(0x1234);
            whole.ctLabel(5, 6);
            whole.ctAddresses(false, 0, 7, 0, 8);
            whole.ctPorts(17, 1000, 2000);
            whole.ctConnection(77, true, false);
        };
        driver.run(parts);
        assertThat(parts).allSatisfy(part -> {
            assertThat(CtState.format(part.ctState())).isEqualTo("est|rpl|trk");
            assertThat(part.ctZone()).isEqualTo(9);
            assertThat(part.ctMark()).isEqualTo(0x1234);
            assertThat(part.ctLabelHigh()).isEqualTo(5);
            assertThat(part.ctLabelLow()).isEqualTo(6);
            assertThat(part.ctSourceLow()).isEqualTo(7);
            assertThat(part.ctDestinationLow()).isEqualTo(8);
            assertThat(part.ctSourcePort()).isEqualTo(1000);
            assertThat(part.ctDestinationPort()).isEqualTo(2000);
            assertThat(part.ctProtocol()).isEqualTo(17);
            assertThat(part.ctConnection()).as("the connection itself is not remembered").isZero();
        });
    }

    @Test
    void aTranslatedDatagramLeavesInTranslatedFragmentsWithRightChecksums() {
        final Packets translated = Packets.udp4("10.1.1.240", 60000, "10.9.9.9", 5353).payloadSize(3000).id(1);
        driver.tracker = whole -> FragmentsDriver.overwrite(whole, translated.build());
        final List<Packet> parts = udp4(1).fragments(1200);
        assertThat(driver.run(parts).stream().map(Packet::bytes).toList())
            .containsExactlyElementsOf(translated.fragments(1200).stream().map(Packet::bytes).toList());
    }

    @Test
    void theChecksumOfATranslatedIpv4FragmentIsTheOneOfItsNewHeader() {
        final List<Packet> parts = udp4(1).tos(3).ttl(9).fragments(1200);
        driver.tracker = whole -> {
            final int at = whole.l3Offset();
            Bytes.put32(whole.data(), at + 12, 0xc0000201);
        };
        for (final Packet part : driver.run(parts)) {
            assertThat(Checksums.isValid(0, part.data(), part.l3Offset(), 20)).isTrue();
            assertThat(Bytes.i32(part.data(), part.l3Offset() + 12)).isEqualTo(0xc0000201);
        }
    }

    @Test
    void aTransportHeaderThatIsCutInTwoIsTranslatedInBothHalves() {
        // 400 bytes of hop-by-hop options let eight bytes of TCP be a fragment that is large enough.
        final Packets translated = Packets.tcp6("fc00::99", 60000, "fc00::2", 80).payloadSize(20).id(3)
            .extension(IpProtocol.HOP_BY_HOP, 400);
        final Packets original = Packets.tcp6("fc00::1", 1000, "fc00::2", 80).payloadSize(20).id(3)
            .extension(IpProtocol.HOP_BY_HOP, 400);
        driver.settings = SMALL;
        driver.tracker = whole -> FragmentsDriver.overwrite(whole, translated.build());
        final List<Packet> parts = original.fragments(8);
        assertThat(parts).hasSize(5);
        assertThat(driver.run(parts).stream().map(Packet::bytes).toList())
            .containsExactlyElementsOf(translated.fragments(8).stream().map(Packet::bytes).toList());
    }

    @Test
    void whenAHelperChangesTheLengthTheLastFragmentTakesTheDifference() {
        for (final int change : new int[] {5, -5}) {
            final Packets translated = Packets.tcp4("10.1.1.1", 1, "10.1.1.2", 21).payloadSize(2500 + change).id(1);
            final Packets translated6 = Packets.tcp6("fc00::1", 1, "fc00::2", 21).payloadSize(2500 + change).id(1);
            driver.tracker = whole -> FragmentsDriver.overwrite(whole, translated.build());
            assertThat(driver.run(Packets.tcp4("10.1.1.1", 1, "10.1.1.2", 21).payloadSize(2500).id(1).fragments(1480))
                .stream().map(Packet::bytes).toList())
                .containsExactlyElementsOf(translated.fragments(1480).stream().map(Packet::bytes).toList());
            driver.tracker = whole -> FragmentsDriver.overwrite(whole, translated6.build());
            assertThat(driver.run(Packets.tcp6("fc00::1", 1, "fc00::2", 21).payloadSize(2500).id(1).fragments(1448))
                .stream().map(Packet::bytes).toList())
                .containsExactlyElementsOf(translated6.fragments(1448).stream().map(Packet::bytes).toList());
        }
    }

    @Test
    void aTextThatNoLongerReachesTheLastFragmentMakesTheFragmentsInvalid() {
        final Packets shorter = Packets.tcp4("10.1.1.1", 1, "10.1.1.2", 21).payloadSize(1400).id(1);
        driver.tracker = whole -> FragmentsDriver.overwrite(whole, shorter.build());
        final List<Packet> parts = Packets.tcp4("10.1.1.1", 1, "10.1.1.2", 21).payloadSize(1464).id(1).fragments(1480);
        assertThat(driver.run(parts)).containsExactlyElementsOf(parts)
            .allMatch(part -> part.ctState() == (CtState.INVALID | CtState.TRACKED));
        assertThat(driver.status().held()).isZero();
    }

    // ---- hostile senders ----

    @Test
    void aFloodFromFourThreadsStaysWithinTheMaximumAndHoldsNoOtherPacketBack() throws InterruptedException {
        final int max = 200;
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 400, 400, max);
        final AtomicBoolean overflow = new AtomicBoolean();
        final AtomicBoolean disturbed = new AtomicBoolean();
        final List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            final int seed = t;
            final Thread thread = new Thread(() -> flood(new Random(seed), max, overflow, disturbed));
            thread.setUncaughtExceptionHandler((failed, error) -> disturbed.set(true));
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(overflow).isFalse();
        assertThat(disturbed).isFalse();
        final FragmentStatus status = driver.status();
        assertThat(status.v4().accepted()).isGreaterThan(max);
        assertThat(status.held()).isLessThanOrEqualTo(max)
            .isEqualTo(status.datagrams().stream().mapToInt(FragmentStatus.Datagram::fragments).sum());
        driver.fragments.purge(Long.MAX_VALUE / 2);
        assertThat(driver.status().held()).isZero();
        assertThat(balance(driver.status().v4())).isZero();
        assertThat(balance(driver.status().v6())).isZero();
    }

    private void flood(final Random random, final int max, final AtomicBoolean overflow,
            final AtomicBoolean disturbed) {
        for (int round = 0; round < 3000; round++) {
            final PacketBatch batch = new PacketBatch();
            final Packet innocent = small(null);
            batch.add(innocent);
            for (int i = 0; i < 8; i++) {
                final int start = random.nextInt(40) * 8;
                batch.add(random.nextBoolean()
                    ? piece4(random.nextInt(60), start * 50, random.nextBoolean() ? 400 : 800, random.nextInt(4) > 0)
                    : piece6(random.nextInt(60), start * 50, random.nextBoolean() ? 400 : 800, random.nextInt(4) > 0));
            }
            if (random.nextInt(4) == 0) {
                udp4(1000 + random.nextInt(50)).fragments(1600).forEach(batch::add);
            }
            final long nowNs = round * SECOND / 100;
            driver.fragments.before(batch, 0, driver.settings, nowNs);
            if (batch.get(0) != innocent) {
                disturbed.set(true);
            }
            driver.fragments.after(batch, 0, nowNs);
            if (driver.fragments.status().held() > max) {
                overflow.set(true);
            }
        }
    }

    private static long balance(final FragmentStatus.Counts counts) {
        return counts.accepted() - counts.completed() - counts.expired() - counts.purged();
    }

    @Test
    void randomBytesNeverThrow() {
        final Random random = new Random(1);
        driver.settings = SMALL;
        for (int round = 0; round < 20_000; round++) {
            final List<Packet> batch = new ArrayList<>();
            for (final Packet packet : random.nextBoolean() ? udp4(random.nextInt(3)).fragments(1200)
                    : udp6(random.nextInt(3)).extension(IpProtocol.ROUTING, 24).fragments(1304)) {
                final byte[] bytes = packet.bytes();
                for (int i = random.nextInt(6); i > 0; i--) {
                    bytes[14 + random.nextInt(80)] = (byte) random.nextInt();
                }
                if (random.nextBoolean()) {
                    final Packet broken = Packet.of(bytes);
                    // Let wrong IPv4 header checksums through: they would hide what else may go wrong.
                    broken.l3Checksum(Packet.CHECKSUM_GOOD);
                    batch.add(broken);
                }
            }
            driver.nowNs += SECOND / 10;
            driver.run(batch);
        }
        assertThat(driver.status().v4().completed()).isPositive();
        assertThat(driver.status().v6().accepted()).isPositive();
    }

    @Test
    void thousandsOfTinyFragmentsInTheWorstOrderAreReassembled() {
        // Eight bytes each, behind an extension header that makes them large enough.
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 400, 400, 5000);
        final List<Packet> parts = Packets.udp6("fc00::1", 1, "fc00::2", 2).payloadSize(39_992 - 8).id(1)
            .extension(IpProtocol.HOP_BY_HOP, 400).fragments(8);
        assertThat(parts).hasSize(4999);
        Collections.reverse(parts);
        assertThat(driver.run(parts)).hasSize(4999);
        assertThat(driver.tracked.get(0)).hasSize(14 + 40 + 400 + 39_992);
    }

    // ---- building ----

    private void assertInvalid(final Packet packet) {
        assertThat(driver.run(packet)).containsExactly(packet);
        assertThat(packet.ctState()).isEqualTo(CtState.INVALID);
    }

    private FragmentStatus.Datagram datagram(final String from, final String to, final long id, final int protocol,
            final int fragments, final String state) {
        return new FragmentStatus.Datagram(IpAddress.parse(from), IpAddress.parse(to), id, driver.zone, protocol,
            fragments, state);
    }

    /** A datagram of 3008 bytes. */
    private static Packets udp4(final int id) {
        return Packets.udp4("10.1.1.1", 41000, "10.1.1.2", 53).payloadSize(3000).id(id);
    }

    private static Packets udp6(final int id) {
        return Packets.udp6("fc00::1", 41000, "fc00::2", 53).payloadSize(3000).id(id);
    }

    private static Packet piece4(final int start, final int length, final boolean more) {
        return piece4(1, start, length, more);
    }

    private static Packet piece4(final int id, final int start, final int length, final boolean more) {
        return Packets.ip4(17, "10.1.1.1", "10.1.1.2").id(id).fragment(start, more).payload(new byte[length]).build();
    }

    private static Packet piece6(final int start, final int length, final boolean more) {
        return piece6(1, start, length, more);
    }

    private static Packet piece6(final int id, final int start, final int length, final boolean more) {
        return Packets.ip6(17, "fc00::1", "fc00::2").id(id).fragment(start, more).payload(new byte[length]).build();
    }

    private static Packet small(final Port port) {
        final Packet packet = Packets.udp4("10.1.1.1", 50000, "10.1.1.2", 53).payloadSize(5).build();
        packet.inPort(port);
        return packet;
    }

    private static FragmentPiece part(final int start) {
        final Packet packet = piece4(start, 8, true);
        packet.parse();
        return FragmentPiece.of(packet);
    }
}

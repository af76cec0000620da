// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Reassembly against a model that keeps one entry per byte. */
class FragmentsPropertyTest {

    /** What the module should make of one datagram: nothing clever, byte by byte. */
    private static final class Model {
        private final byte[] content = new byte[70_000];
        private final boolean[] there = new boolean[70_000];
        private final List<Packet> held = new ArrayList<>();
        private int end = -1;

        /** Says whether the fragment is taken. */
        boolean offer(final Packet packet, final int start, final byte[] bytes, final boolean more) {
            for (int i = start; i < start + bytes.length; i++) {
                if (there[i] || end >= 0 && i >= end) {
                    return false;
                }
            }
            if (!more) {
                if (end >= 0) {
                    return false;
                }
                for (int i = start + bytes.length; i < there.length; i++) {
                    if (there[i]) {
                        return false;
                    }
                }
                end = start + bytes.length;
            }
            for (int i = 0; i < bytes.length; i++) {
                there[start + i] = true;
                content[start + i] = bytes[i];
            }
            held.add(packet);
            return true;
        }

        boolean isWhole() {
            for (int i = 0; i < end; i++) {
                if (!there[i]) {
                    return false;
                }
            }
            return end >= 0;
        }
    }

    private record Cut(int start, byte[] bytes, boolean more) {
    }

    @Property(tries = 400)
    void anyFragmentsInAnyOrderGiveWhatTheModelGives(@ForAll final Random random, @ForAll final boolean v6) {
        final List<Cut> cuts = cuts(random, v6 ? 1 : 48, 1 + random.nextInt(random.nextInt(4) == 0 ? 60_000 : 6000));
        final FragmentsDriver driver = new FragmentsDriver();
        // IPv6 fragments pass the minimum size by an extension header, IPv4 ones carry that much.
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 400, 400, 5000);
        Model model = new Model();
        for (final Cut cut : cuts) {
            final Packet packet = packet(v6, cut.bytes()).fragment(cut.start(), cut.more()).build();
            final boolean taken = model.offer(packet, cut.start(), cut.bytes(), cut.more());
            driver.tracked.clear();
            final List<Packet> out = driver.run(packet);
            if (!taken) {
                assertThat(out).containsExactly(packet);
                assertThat(packet.ctState()).isEqualTo(CtState.INVALID);
            } else if (model.isWhole()) {
                final byte[] content = Arrays.copyOf(model.content, model.end);
                assertThat(driver.tracked).hasSize(1);
                assertThat(driver.tracked.get(0)).isEqualTo(packet(v6, content).bytes());
                assertThat(out).containsExactlyInAnyOrderElementsOf(model.held);
                assertThat(out).isSortedAccordingTo((a, b) -> Integer.compare(startOf(a), startOf(b)));
                assertThat(out).allMatch(part -> part.ctState() == (CtState.TRACKED | CtState.NEW));
                model = new Model();
            } else {
                assertThat(out).isEmpty();
            }
            assertThat(driver.status().held()).isEqualTo(model.held.size());
        }
    }

    @Property(tries = 200)
    void translationThenTranslationBackRestoresEveryByteOfEveryFragment(@ForAll final Random random,
            @ForAll final boolean v6) {
        final byte[] payload = bytes(random, 100 + random.nextInt(5000));
        final int size = (48 + random.nextInt(100)) * 8;
        final Packets inside = datagram(v6, "10.1.1.1", "fc00::1", 1000, payload);
        final Packets outside = datagram(v6, "192.0.2.7", "fc00::abcd", 61000, payload);
        final FragmentsDriver driver = new FragmentsDriver();
        driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 400, 400, 1000);
        final List<Packet> parts = inside.fragments(size);
        final List<byte[]> before = parts.stream().map(Packet::bytes).toList();

        driver.tracker = whole -> FragmentsDriver.overwrite(whole, outside.build());
        Collections.shuffle(parts, random);
        final List<Packet> translated = driver.run(parts);
        // A datagram in one piece never meets the module.
        if (before.size() > 1) {
            assertThat(translated.stream().map(Packet::bytes).toList())
                .containsExactlyElementsOf(outside.fragments(size).stream().map(Packet::bytes).toList());
            driver.tracker = whole -> FragmentsDriver.overwrite(whole, inside.build());
            assertThat(driver.run(translated).stream().map(Packet::bytes).toList()).containsExactlyElementsOf(before);
        }
    }

    /**
     * Cuts a datagram at random, shuffles the pieces, and adds repeated, overlapping, enclosing and lying ones. All but
     * the last carry {@code least} times eight bytes or more.
     */
    private static List<Cut> cuts(final Random random, final int least, final int total) {
        final List<Cut> cuts = new ArrayList<>();
        final byte[] content = bytes(random, total);
        for (int at = 0; at < total;) {
            final int length = Math.min(8 * (least + random.nextInt(200)), total - at);
            cuts.add(new Cut(at, Arrays.copyOfRange(content, at, at + length), at + length < total));
            at += length;
        }
        final int noise = random.nextInt(6);
        for (int i = 0; i < noise; i++) {
            final int start = 8 * random.nextInt(total / 8 + 2);
            final boolean more = random.nextInt(3) > 0;
            final int length = more ? 8 * (least + random.nextInt(300)) : 1 + random.nextInt(2000);
            cuts.add(new Cut(start, bytes(random, length), more));
        }
        if (random.nextInt(5) > 0) {
            Collections.shuffle(cuts, random);
        }
        // Once more from the front, for what noise kept out.
        if (random.nextBoolean()) {
            cuts.addAll(List.copyOf(cuts));
        }
        return cuts.stream().filter(cut -> cut.start() > 0 || cut.more()).toList();
    }

    private static byte[] bytes(final Random random, final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static Packets packet(final boolean v6, final byte[] carried) {
        return v6
            ? Packets.ip6(IpProtocol.UDP, "fc00::1", "fc00::2").id(0x12345678).extension(IpProtocol.ROUTING, 400)
                .payload(carried)
            : Packets.ip4(IpProtocol.UDP, "10.1.1.1", "10.1.1.2").id(99).payload(carried);
    }

    private static Packets datagram(final boolean v6, final String from4, final String from6, final int port,
            final byte[] payload) {
        return (v6 ? Packets.udp6(from6, port, "fc00::2", 53) : Packets.udp4(from4, port, "10.1.1.2", 53)).id(5)
            .payload(payload);
    }

    private static int startOf(final Packet packet) {
        packet.parse();
        return FragmentPiece.of(packet).start();
    }
}

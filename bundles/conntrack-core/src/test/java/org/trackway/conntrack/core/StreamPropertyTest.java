// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * Whatever a helper replaces and however a sender repeats itself, the receiver gets one stream, and the sender learns the
 * truth of it. The model: a sender with a stream of bytes, a receiver that files each byte it gets under its number.
 */
class StreamPropertyTest {

    private static final int SIZE = 600;

    @Property(tries = 400)
    void rewritingKeepsACorrectTcpStream(@ForAll final long seed, @ForAll @IntRange(min = 0, max = 6) final int size) {
        final Random random = new Random(seed);
        final int first = random.nextInt();
        final byte[] stream = stream(random);
        final HelperBench bench = new HelperBench(IpProtocol.TCP, HelperBench.OUTSIDE);
        final ToyHelper toy = new ToyHelper();
        toy.text = Arrays.copyOf("[here]".getBytes(), size);
        bench.helpers.add(toy);

        final byte[] got = new byte[4 * SIZE];
        final boolean[] has = new boolean[4 * SIZE];
        int sent = 0;
        int acknowledged = 0;
        int received = 0;
        while (acknowledged < SIZE) {
            // Mostly new data; now and then anything not acknowledged yet, in any pieces; sometimes the wire loses it.
            final boolean again = sent == SIZE || acknowledged < sent && random.nextInt(3) == 0;
            final int from = again ? acknowledged + random.nextInt(Math.max(1, sent - acknowledged)) : sent;
            final int start = again && random.nextBoolean() ? acknowledged : from;
            final int limit = again ? Math.max(sent, start + 1) : SIZE;
            final int to = Math.min(limit, start + 1 + random.nextInt(40));
            final Packet packet = bench.fromClient(bench.client().seq(first + start)
                .payload(Arrays.copyOfRange(stream, start, to)));
            sent = Math.max(sent, to);
            assertThat(HelpersTest.isSound(packet)).isTrue();
            if (random.nextInt(4) != 0) {
                file(packet, first, got, has);
                while (has[received]) {
                    received++;
                }
                final Packet answer = bench.fromServer(bench.server().seq(9).ack(first + received));
                assertThat(HelpersTest.isSound(answer)).isTrue();
                final int learnt = Bytes.i32(answer.data(), answer.l4Offset() + 8) - first;
                assertThat(learnt).isBetween(acknowledged, sent);
                acknowledged = learnt;
            }
        }
        final byte[] whole = Arrays.copyOf(got, received);
        assertThat(whole).isEqualTo(rewritten(stream, whole, toy.text));
    }

    /** A stream with things to replace, never more of them than are remembered. */
    private static byte[] stream(final Random random) {
        final byte[] stream = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            stream[i] = (byte) ('a' + i % 26);
        }
        for (int i = 0; i < SequenceShift.MAX_EDITS; i++) {
            final int at = random.nextInt(SIZE - 1);
            stream[at] = '@';
            stream[at + 1] = '@';
        }
        return stream;
    }

    private static void file(final Packet packet, final int first, final byte[] got, final boolean[] has) {
        packet.parse();
        final int l4 = packet.l4Offset();
        final int at = Bytes.i32(packet.data(), l4 + 4) - first;
        final int header = (packet.data()[l4 + 12] >> 4 & 0xf) * 4;
        for (int i = 0; i < packet.l4Length() - header; i++) {
            final byte value = packet.data()[l4 + header + i];
            assertThat(!has[at + i] || got[at + i] == value).as("byte %d came as two values", at + i).isTrue();
            got[at + i] = value;
            has[at + i] = true;
        }
    }

    /** The stream in which each pair of marks is either replaced or, where a segment broke it, left; as received. */
    private static byte[] rewritten(final byte[] stream, final byte[] received, final byte[] text) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < stream.length; i++) {
            final boolean mark = i + 1 < stream.length && stream[i] == '@' && stream[i + 1] == '@';
            final boolean left = out.size() < received.length && received[out.size()] == '@';
            if (mark && !left) {
                out.writeBytes(text);
                i++;
            } else {
                out.write(stream[i]);
            }
        }
        return out.toByteArray();
    }

    @Property(tries = 300)
    void numbersThereAndBackAgain(@ForAll final long seed) {
        final Random random = new Random(seed);
        final SequenceShift shift = new SequenceShift();
        final int first = random.nextInt();
        int at = first;
        for (int i = 0; i < 20; i++) {
            at += random.nextInt(50);
            final int count = 1 + random.nextInt(10);
            assertThat(shift.record(at, count, new byte[random.nextInt(15)])).isTrue();
            at += count;
            shift.passed(at);
        }
        int before = shift.toReceiver(at - 100);
        for (int number = at - 100; number - at < 100; number++) {
            final int there = shift.toReceiver(number);
            assertThat(there - before).as("keeps the order").isGreaterThanOrEqualTo(0);
            before = there;
            assertThat(shift.toSender(there) - number).as("back is not in front").isGreaterThanOrEqualTo(0);
            assertThat(shift.toReceiver(shift.toSender(there))).isEqualTo(there);
        }
        assertThat(shift.toSender(shift.toReceiver(at + (1 << 29)))).isEqualTo(at + (1 << 29));
    }

    @Property(tries = 50)
    void aStreamLongerThanTheNumbersKeepsItsShift(@ForAll final int first) {
        final SequenceShift shift = new SequenceShift();
        shift.record(first, 2, new byte[5]);
        int at = first + 2;
        for (int i = 0; i < 10; i++) {
            shift.passed(at);
            assertThat(shift.toReceiver(at)).isEqualTo(at + 3);
            assertThat(shift.toSender(at + 3)).isEqualTo(at);
            at += 1 << 29;
        }
    }
}

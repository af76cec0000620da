// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.trackway.conntrack.Timeout;
import org.trackway.packet.Bytes;

class TcpMachinePropertyTest {

    private static final int[] FLAGS = {TcpMachine.ACK, TcpMachine.ACK | TcpMachine.PSH, TcpMachine.ACK | 0xe0,
        TcpMachine.ACK | TcpMachine.FIN, TcpMachine.ACK | TcpMachine.RST, TcpMachine.ACK | TcpMachine.SYN,
        TcpMachine.SYN, TcpMachine.RST, 0};
    private static final int[] SCALES = {0, 0x80, 0x87, 0x8e, 0x40};
    private static final int[] DISTANCES = {0, 1, -1, 100, -100, 65_535, 67_035, 67_036, -67_035, -67_036, 1 << 20};

    private static int near(final Random random, final int number) {
        return random.nextInt(20) == 0 ? random.nextInt() : number + DISTANCES[random.nextInt(DISTANCES.length)];
    }

    /** Words of a connection whose peers are established, or nearly always so. */
    private static long[] connection(final Random random, final int low0, final int low1) {
        final long[] words = new long[Slab.ADDRESS];
        words[Slab.PEER0] = (long) low0 << 32 | near(random, low0) & 0xffffffffL;
        words[Slab.PEER1] = (long) low1 << 32 | near(random, low1) & 0xffffffffL;
        final boolean known = random.nextInt(8) != 0;
        words[Slab.STATE] = (long) random.nextInt() << 32 | (long) SCALES[random.nextInt(SCALES.length)] << 24
            | SCALES[random.nextInt(SCALES.length)] << 16 | (known ? 0x0404 : 0x0407 + random.nextInt(3));
        return words;
    }

    private static byte[] segment(final Random random, final int sequence, final int ack) {
        final int options = random.nextInt(3) * 4;
        final byte[] segment = new byte[20 + options + random.nextInt(3) * 50];
        Bytes.put32(segment, 4, near(random, sequence));
        Bytes.put32(segment, 8, near(random, ack));
        Bytes.put16(segment, 12, (5 + options / 4) << 12 | FLAGS[random.nextInt(random.nextBoolean() ? 2 : 9)]);
        Bytes.put16(segment, 14, random.nextInt(4) == 0 ? 0 : random.nextInt(65_536));
        return segment;
    }

    @Property(tries = 20_000)
    void theCommonCaseIsWhatTheWholeMachineMakesOfIt(@ForAll final long seed,
            @ForAll @IntRange(max = 1) final int direction) {
        final Random random = new Random(seed);
        final int low0 = random.nextInt();
        final int low1 = random.nextInt();
        final long[] words = connection(random, low0, low1);
        final byte[] segment = segment(random, direction == 0 ? low0 : low1, direction == 0 ? low1 : low0);
        final long[] before = words.clone();
        final TcpMachine whole = new TcpMachine();
        whole.load(before[Slab.PEER0], before[Slab.PEER1], before[Slab.STATE], direction == 1);
        final int verdict = whole.update(segment, 0, segment.length, true, false);

        final boolean common = TcpMachine.goOn(words, 0, direction, segment, 0, segment.length);

        final int flags = segment[13] & (TcpMachine.SYN | TcpMachine.FIN | TcpMachine.RST | TcpMachine.ACK);
        assertThat(common).isEqualTo(verdict == Verdict.VALID && flags == TcpMachine.ACK
            && (before[Slab.STATE] & 0xffff) == 0x0404);
        if (common) {
            before[Slab.PEER0 + direction] = whole.sender();
            before[Slab.PEER1 - direction] = whole.receiver();
            before[Slab.STATE] = whole.both(direction == 1);
            assertThat(whole.timeout).isEqualTo(Timeout.TCP_ESTABLISHED.ordinal());
        }
        assertThat(words).isEqualTo(before);
    }
}

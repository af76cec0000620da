// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ChecksumsTest {

    @Test
    void theExampleOfRfc1071() {
        final byte[] words = HexFormat.of().parseHex("0001f203f4f5f6f7");

        assertThat(Checksums.fold(Checksums.add(0, words, 0, 8))).isEqualTo(0xddf2);
        assertThat(Checksums.of(0, words, 0, 8)).isEqualTo(0x220d);
    }

    @Test
    void theHeaderOfARealIpv4Packet() {
        final byte[] header = HexFormat.of().parseHex("4510003c542c40004006e87d7f0000017f000001");

        assertThat(Checksums.isValid(0, header, 0, 20)).isTrue();
        header[19]++;
        assertThat(Checksums.isValid(0, header, 0, 20)).isFalse();
    }

    @Property
    void theSumIsThatOfTheSlowObviousWay(@ForAll @Size(min = 40, max = 400) final byte[] data,
            @ForAll @IntRange(max = 20) final int from, @ForAll @IntRange(max = 20) final int cut) {
        final int length = data.length - from - cut;

        assertThat(Checksums.fold(Checksums.add(0, data, from, length))).isEqualTo(slowSum(data, from, length));
    }

    @Property
    void aSumMayBeMadeInParts(@ForAll @Size(max = 100) final byte[] data, @ForAll @IntRange(max = 50) final int half) {
        final int cut = Math.min(2 * half, data.length / 2 * 2);
        final long inParts = Checksums.add(Checksums.add(0, data, 0, cut), data, cut, data.length - cut);

        assertThat(Checksums.fold(inParts)).isEqualTo(slowSum(data, 0, data.length));
    }

    @Property
    void everySumFoldsToSixteenBits(@ForAll final long sum) {
        final BigInteger value = new BigInteger(Long.toUnsignedString(sum));
        final int modulus = value.mod(BigInteger.valueOf(0xffff)).intValue();

        assertThat(Checksums.fold(sum)).isEqualTo(modulus == 0 && sum != 0 ? 0xffff : modulus);
    }

    @Test
    void aSumWhoseCarryCarriesAgainFoldsToo() {
        assertThat(Checksums.fold(0xffff_ffff_0001_0000L)).isEqualTo(1);
    }

    @Property
    void theChecksumMakesTheRangeValid(@ForAll @Size(min = 2, max = 61) final byte[] data, @ForAll final long pseudo) {
        final long sum = pseudo & 0xffffffffffL;
        Bytes.put16(data, 0, 0);
        Bytes.put16(data, 0, Checksums.of(sum, data, 0, data.length));

        assertThat(Checksums.isValid(sum, data, 0, data.length)).isTrue();
    }

    @Property
    void aRangeIsValidIfItsSumFoldsToOnesAlone(@ForAll @Size(max = 40) final byte[] data, @ForAll final int pseudo) {
        final long sum = pseudo & 0xffffffffL;

        assertThat(Checksums.isValid(sum, data, 0, data.length))
            .isEqualTo(Checksums.fold(Checksums.add(sum, data, 0, data.length)) == 0xffff);
    }

    @Property
    void aHeaderIsValidIfAndOnlyIfItsBytesAre(@ForAll @Size(60) final byte[] data,
            @ForAll @IntRange(min = 5, max = 15) final int words, @ForAll final boolean right) {
        data[0] = (byte) (0x40 | words);
        if (right) {
            Bytes.put16(data, 10, 0);
            Bytes.put16(data, 10, Checksums.of(0, data, 0, 4 * words));
        }
        assertThat(Checksums.isHeaderValid(data, 0)).isEqualTo(Checksums.isValid(0, data, 0, 4 * words));
        assertThat(Checksums.isHeaderValid(data, 0) || !right).isTrue();
    }

    @Property
    void repairingAChecksumGivesWhatANewOneWouldBe(@ForAll @Size(value = 40) final byte[] data,
            @ForAll @IntRange(max = 15) final int word, @ForAll final long l) {
        final int i = (int) (l >>> 16);
        final short s = (short) l;
        // A sum over nothing but zeros has two representations; no packet is like that.
        data[39] = 1;
        final int at = 2 * word;
        int checksum = Checksums.of(0, data, 0, 40);

        checksum = Checksums.update16(checksum, Bytes.u16(data, at), s & 0xffff);
        Bytes.put16(data, at, s);
        assertThat(checksum).isEqualTo(Checksums.of(0, data, 0, 40));

        checksum = Checksums.update32(checksum, Bytes.i32(data, at), i);
        Bytes.put32(data, at, i);
        assertThat(checksum).isEqualTo(Checksums.of(0, data, 0, 40));

        checksum = Checksums.update64(checksum, Bytes.i64(data, at), l);
        Bytes.put64(data, at, l);
        assertThat(checksum).isEqualTo(Checksums.of(0, data, 0, 40));
    }

    @Property
    void pseudoHeadersSumLikeTheirBytes(@ForAll @Size(value = 32) final byte[] addresses,
            @ForAll @IntRange(max = 255) final int protocol, @ForAll @IntRange(max = 65535) final int length) {
        final byte[] four = new byte[12];
        System.arraycopy(addresses, 0, four, 0, 8);
        Bytes.put8(four, 9, protocol);
        Bytes.put16(four, 10, length);
        final byte[] six = new byte[40];
        System.arraycopy(addresses, 0, six, 0, 32);
        Bytes.put32(six, 32, length);
        Bytes.put8(six, 39, protocol);

        assertThat(Checksums.fold(Checksums.pseudo4(Bytes.i32(four, 0), Bytes.i32(four, 4), protocol, length)))
            .isEqualTo(slowSum(four, 0, 12));
        assertThat(Checksums.fold(Checksums.pseudo6(addresses, 0, protocol, length))).isEqualTo(slowSum(six, 0, 40));
    }

    @Test
    void theCrcOfARealSctpPacket() {
        // An INIT with two parameters, captured between two hosts.
        final byte[] packet = HexFormat.of().parseHex("00070007000000003761a746"
            + "01000020432325440000ffff001100115cfe379fc0000004000c000600050000");

        assertThat(Checksums.sctp(packet, 0, packet.length)).isEqualTo(Bytes.i32(packet, 8));
        packet[packet.length - 1] ^= 1;
        assertThat(Checksums.sctp(packet, 0, packet.length)).isNotEqualTo(Bytes.i32(packet, 8));
    }

    @Property
    void theCrcIsThatOfTheSlowObviousWay(@ForAll @Size(min = 17, max = 80) final byte[] packet,
            @ForAll @IntRange(max = 5) final int from) {
        final byte[] zeroed = Arrays.copyOfRange(packet, from, packet.length);
        Bytes.put32(zeroed, 8, 0);

        assertThat(Checksums.sctp(packet, from, packet.length - from))
            .isEqualTo(Integer.reverseBytes(slowCrc32c(zeroed)));
    }

    /** The one's complement sum word by word, with the carry put back each time. */
    private static int slowSum(final byte[] data, final int from, final int length) {
        int sum = 0;
        for (int i = 0; i < length; i += 2) {
            sum += (data[from + i] & 0xff) << 8 | (i + 1 < length ? data[from + i + 1] & 0xff : 0);
            if (sum > 0xffff) {
                sum -= 0xffff;
            }
        }
        return sum;
    }

    /** The Castagnoli polynomial, bit by bit. */
    private static int slowCrc32c(final byte[] data) {
        int crc = -1;
        for (final byte b : data) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
            }
        }
        return ~crc;
    }
}

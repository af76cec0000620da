// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.packet.IpAddress;

class FtpHelperTest {

    private static final String PORT = "PORT 10,1,1,1,156,66\r\n";
    private static final String PASSIVE = "227 Entering Passive Mode (10,1,1,2,195,203)\r\n";
    private static final String EXTENDED = "229 Entering Extended Passive Mode (|||50123|)\r\n";

    private final FtpBench plain = FtpBench.plain();

    // ---- what is expected ----

    @Test
    void portAnnouncesAConnectionFromTheServerToTheClient() {
        assertThat(plain.client(PORT)).isEqualTo(PORT);
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
        assertThat(plain.refused).isFalse();
    }

    @Test
    void reply227AnnouncesAConnectionFromTheClientToTheServer() {
        plain.server(PASSIVE);
        assertThat(plain.expected).containsExactly("10.1.1.1>10.1.1.2:50123");
    }

    @Test
    void eprtAnnouncesOverIpv4() {
        plain.client("EPRT |1|10.1.1.1|40002|\r\n");
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
    }

    @Test
    void eprtAnnouncesOverIpv6() {
        final FtpBench bench = FtpBench.plain6();
        bench.client("EPRT |2|fc00::1|40002|\r\n");
        bench.client("EPRT |2|FC00:0:0:0:0:0:0:1|40003|\r\n");
        assertThat(bench.expected).containsExactly("fc00::2>fc00::1:40002", "fc00::2>fc00::1:40003");
    }

    @Test
    void reply229AnnouncesOverIpv4AndIpv6() {
        plain.server(EXTENDED);
        assertThat(plain.expected).containsExactly("10.1.1.1>10.1.1.2:50123");
        final FtpBench bench = FtpBench.plain6();
        bench.server(EXTENDED);
        assertThat(bench.expected).containsExactly("fc00::1>fc00::2:50123");
    }

    @ParameterizedTest
    @ValueSource(strings = {"port 10,1,1,1,156,66\r\n", "Port 10,1,1,1,156,66\n", "PORT  10,1,1,1,156,66 \r\n",
        "PORT 10.1.1.1,156,66\r\n", "EPRT !1!10.1.1.1!40002!\r\n", "eprt |1|10,1,1,1|40002|\r\n"})
    void commandsInOtherSpellingsThatThePeerTakes(final String command) {
        plain.client(command);
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
    }

    @ParameterizedTest
    @ValueSource(strings = {"227 =10,1,1,2,195,203\r\n", "227 Entering Passive Mode 10,1,1,2,195,203.\r\n",
        "229 Extended Passive Mode OK (|||50123|)\r\n", "229 2 ways (|||50123|)\r\n", "229 50123\r\n"})
    void repliesInOtherSpellings(final String answer) {
        plain.server(answer);
        assertThat(plain.expected).containsExactly("10.1.1.1>10.1.1.2:50123");
    }

    @Test
    void ipv6IgnoresWhatCannotNameAnIpv6Address() {
        final FtpBench bench = FtpBench.plain6();
        bench.client(PORT);
        assertThat(bench.refused).isFalse();
        bench.server(PASSIVE);
        assertThat(bench.refused).isFalse();
        assertThat(bench.expected).isEmpty();
    }

    @Test
    void portZeroIsNotExpected() {
        plain.client("PORT 10,1,1,1,0,0\r\n");
        assertThat(plain.expected).isEmpty();
        assertThat(plain.refused).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER anonymous\r\n", "RETR PORT 10,1,1,1,156,66\r\n", "220 PORT 10,1,1,1,156,66\r\n",
        " PORT 10,1,1,1,156,66\r\n", "POR\r\n", "\r\n"})
    void otherCommandsMeanNothing(final String command) {
        plain.client(command);
        assertThat(plain.expected).isEmpty();
        assertThat(plain.refused).isFalse();
    }

    @Test
    void repliesAreNotTakenFromTheClientNorCommandsFromTheServer() {
        plain.client("227 Entering Passive Mode (10,1,1,1,195,203)\r\n");
        plain.server("PORT 10,1,1,2,156,66\r\n");
        assertThat(plain.expected).isEmpty();
    }

    @Test
    void aConnectionPickedUpFromTheServersSideHasItsDirectionsTurned() {
        final FtpBench bench = FtpBench.pickedUp("10.1.1.1", "10.1.1.2");
        bench.at(true, 1, PORT);
        bench.at(false, 1, PASSIVE);
        assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.1:40002", "10.1.1.1>10.1.1.2:50123");
    }

    // ---- what is refused ----

    @ParameterizedTest
    @ValueSource(strings = {"PORT 10,9,9,9,156,66\r\n", "PORT 10,1,1,2,156,66\r\n", "EPRT |1|10.9.9.9|40002|\r\n"})
    void oddity9ACommandThatNamesAThirdAddressIsRefused(final String command) {
        assertThat(plain.client(command)).isEqualTo(command);
        assertThat(plain.refused).isTrue();
        assertThat(plain.expected).isEmpty();
    }

    @Test
    void oddity9AReplyThatNamesAThirdAddressIsRefused() {
        plain.server("227 Entering Passive Mode (10,9,9,9,195,203)\r\n");
        assertThat(plain.refused).isTrue();
        assertThat(plain.expected).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PORT\r\n", "PORT me\r\n", "PORT 10,1,1\r\n", "PORT 10,1,1,1\r\n", "PORT 10,1,1,1,156\r\n",
        "PORT 10,1,1,1,256,1\r\n", "PORT 10,1,1,1,1,256\r\n", "PORT 010,1,1,1,1,1\r\n", "PORT 10,1,1,1,,1\r\n",
        "EPRT |2|fc00::1|40002|\r\n", "EPRT |1|10.1.1.1|65536|\r\n", "EPRT |1|10.1.1.1||\r\n", "EPRT |11|10.1.1.1|1|\r\n"})
    void brokenCommandsAreRefused(final String command) {
        plain.client(command);
        assertThat(plain.refused).isTrue();
        assertThat(plain.expected).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"EPRT |1|10.1.1.1|40002|\r\n", "EPRT |2|fc00::9|40002|\r\n", "EPRT |2|fc00::1|99999|\r\n",
        "EPRT |2|fc00:::1|40002|\r\n", "EPRT |2|10.1.1.1|40002|\r\n"})
    void brokenCommandsAreRefusedOverIpv6(final String command) {
        final FtpBench bench = FtpBench.plain6();
        bench.client(command);
        assertThat(bench.refused).isTrue();
        assertThat(bench.expected).isEmpty();
    }

    @Test
    void aRefusedCommandIsRefusedWhenItComesAgain() {
        final int at = plain.next(false);
        plain.client("PORT 10,9,9,9,156,66\r\n");
        plain.at(false, at, "PORT 10,9,9,9,156,66\r\n");
        assertThat(plain.refused).isTrue();
    }

    // ---- translation: the sides of the data connection (semantics 9.2) ----

    @ParameterizedTest
    @CsvSource({
        "snat,PORT,10.1.1.2,10.1.1.240,10.1.1.1,false",
        "snat,227,10.1.1.1,10.1.1.2,10.1.1.240,true",
        "dnat,PORT,10.1.1.2,10.1.1.1,10.1.1.64,true",
        "dnat,227,10.1.1.1,10.1.1.64,10.1.1.2,false",
        "none,PORT,10.1.1.2,10.1.1.1,10.1.1.1,false",
        "none,227,10.1.1.1,10.1.1.2,10.1.1.1,true"})
    void dataConnectionIsTranslatedAsItsParentIs(final String kind, final String message, final String source,
            final String destination, final String translation, final boolean translateSource) {
        final FtpBench bench = kind.equals("snat") ? FtpBench.sourceNat()
            : kind.equals("dnat") ? FtpBench.destinationNat() : FtpBench.plain();
        if (message.equals("PORT")) {
            bench.client(PORT);
        } else {
            bench.server(PASSIVE);
        }
        assertThat(bench.request.source()).isEqualTo(IpAddress.parse(source));
        assertThat(bench.request.destination()).isEqualTo(IpAddress.parse(destination));
        assertThat(bench.request.translation()).isEqualTo(IpAddress.parse(translation));
        assertThat(bench.request.translateSource()).isEqualTo(translateSource);
        assertThat(bench.request.translationPort()).isZero();
    }

    @Test
    void oddity24ExpectationsAreReusableAndLiveWithTheControlConnection() {
        plain.client(PORT);
        assertThat(plain.request.singleUse()).isFalse();
        assertThat(plain.request.lifetimeNs()).isZero();
    }

    // ---- translation: the text ----

    @Test
    void portNamesTheTranslatedAddress() {
        assertThat(FtpBench.sourceNat().client(PORT)).isEqualTo("PORT 10,1,1,240,156,66\r\n");
    }

    @Test
    void oddity27EprtIsRewrittenWithDots() {
        assertThat(FtpBench.sourceNat().client("EPRT |1|10.1.1.1|40002|\r\n"))
            .isEqualTo("EPRT |1|10.1.1.240|40002|\r\n");
        assertThat(FtpBench.sourceNat().client("EPRT |1|10,1,1,1|40002|\r\n"))
            .isEqualTo("EPRT |1|10.1.1.240|40002|\r\n");
    }

    @Test
    void eprtNamesTheTranslatedIpv6Address() {
        final FtpBench bench = FtpBench.between("fc00::1", "fc00::2", "fc00::240", "fc00::2");
        assertThat(bench.client("EPRT |2|fc00::1|40002|\r\n")).isEqualTo("EPRT |2|fc00::240|40002|\r\n");
        assertThat(bench.expected).containsExactly("fc00::2>fc00::240:40002");
    }

    @Test
    void reply227NamesTheAddressThatTheClientCalled() {
        assertThat(FtpBench.destinationNat().server(PASSIVE))
            .isEqualTo("227 Entering Passive Mode (10,1,1,64,195,203)\r\n");
    }

    @Test
    void reply229IsNotRewritten() {
        assertThat(FtpBench.destinationNat().server(EXTENDED)).isEqualTo(EXTENDED);
    }

    @Test
    void textOfTheOtherSideStays() {
        assertThat(FtpBench.sourceNat().server(PASSIVE)).isEqualTo(PASSIVE);
        assertThat(FtpBench.destinationNat().client(PORT)).isEqualTo(PORT);
    }

    @Test
    void anAddressThatIsTranslatedAlreadyStays() {
        final FtpBench bench = FtpBench.sourceNat();
        assertThat(bench.client("PORT 10,1,1,240,156,66\r\n")).isEqualTo("PORT 10,1,1,240,156,66\r\n");
        assertThat(bench.refused).isFalse();
        assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.240:40002");
    }

    @Test
    void aLongPayloadBehindTheCommandStays() {
        final FtpBench bench = FtpBench.between("192.168.123.2", "10.1.1.2", "192.168.1.1", "10.1.1.2");
        final String rest = "A".repeat(234);
        assertThat(bench.client("PORT 192,168,123,2,113,42\r\n" + rest)).isEqualTo("PORT 192,168,1,1,113,42\r\n" + rest);
    }

    // ---- segments ----

    @Test
    void oddity26TheLastByteIsRead() {
        plain.client("PORT 10,1,1,1,0,25\n");
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:25");
        plain.server("227 Entering Passive Mode (10,1,1,2,195,203)");
        assertThat(plain.expected).contains("10.1.1.1>10.1.1.2:50123");
    }

    @Test
    void oddity26ANumberThatMayGoOnIsNotTakenForWhole() {
        plain.client("PORT 10,1,1,1,0,2");
        assertThat(plain.expected).isEmpty();
        plain.client("5\r\n");
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:25");
    }

    @Test
    void severalCommandsInOneSegment() {
        final FtpBench bench = FtpBench.sourceNat();
        assertThat(bench.client("TYPE I\r\n" + PORT + "RETR x\r\nPORT 10,1,1,1,156,67\r\n"))
            .isEqualTo("TYPE I\r\nPORT 10,1,1,240,156,66\r\nRETR x\r\nPORT 10,1,1,240,156,67\r\n");
        assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.240:40002", "10.1.1.2>10.1.1.240:40003");
    }

    @Test
    void aCommandSplitAnywhereAnnouncesTheSame() {
        for (int cut = 1; cut < PORT.length(); cut++) {
            final FtpBench bench = FtpBench.plain();
            bench.client(PORT.substring(0, cut));
            bench.client(PORT.substring(cut));
            assertThat(bench.expected).as("cut at %d", cut).containsExactly("10.1.1.2>10.1.1.1:40002");
            assertThat(bench.refused).isFalse();
        }
    }

    @Test
    void aCommandSplitOutsideItsAddressIsRewritten() {
        for (final int cut : new int[] {1, 4, 5, 14, 15, 17, 20, 21}) {
            final FtpBench bench = FtpBench.sourceNat();
            assertThat(bench.client(PORT.substring(0, cut)) + bench.client(PORT.substring(cut)))
                .as("cut at %d", cut).isEqualTo("PORT 10,1,1,240,156,66\r\n");
            assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.240:40002");
        }
    }

    @Test
    void anAddressSplitWhereBothAreAlikeGetsTheRestOfTheNewOne() {
        final FtpBench bench = FtpBench.sourceNat();
        assertThat(bench.client("PORT 10,1,")).isEqualTo("PORT 10,1,");
        assertThat(bench.client("1,1,156,66\r\n")).isEqualTo("1,240,156,66\r\n");
        assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.240:40002");
    }

    @Test
    void anAddressSplitWhereTheyDifferIsLeftAndCounted() {
        final FtpBench bench = FtpBench.sourceNat();
        bench.client("PORT 10,1,1,1");
        assertThat(bench.client(",156,66\r\n")).isEqualTo(",156,66\r\n");
        assertThat(bench.failures).isEqualTo(1);
        assertThat(bench.refused).isFalse();
        assertThat(bench.expected).isEmpty();
    }

    @Test
    void aForeignAddressSplitOverSegmentsIsRefused() {
        plain.client("PORT 10,9,9");
        assertThat(plain.refused).isFalse();
        plain.client(",9,156,66\r\n");
        assertThat(plain.refused).isTrue();
        assertThat(plain.expected).isEmpty();
    }

    @Test
    void aRetransmittedCommandAnnouncesNothingNewAndIsRewrittenAlike() {
        final FtpBench bench = FtpBench.sourceNat();
        final int at = bench.next(false);
        final String first = bench.client(PORT);
        assertThat(bench.at(false, at, PORT)).isEqualTo(first);
        assertThat(bench.expected).hasSize(1);
        bench.client("RETR x\r\n" + "PORT 10,1,1,1,156,67\r\n");
        assertThat(bench.expected).hasSize(2);
    }

    @Test
    void aRetransmittedHalfIsJoinedWithItsStart() {
        final FtpBench bench = FtpBench.sourceNat();
        bench.client("PORT ");
        final int at = bench.next(false);
        final String rest = bench.client("10,1,1,1,156,66\r\n");
        assertThat(rest).isEqualTo("10,1,1,240,156,66\r\n");
        assertThat(bench.at(false, at, "10,1,1,1,156,66\r\n")).isEqualTo(rest);
    }

    @Test
    void anOldSegmentDoesNotDisturbALineThatIsGoingOn() {
        final int at = plain.next(false);
        plain.client("USER x\r\nPASS");
        plain.client(" y\r\nPORT 10,1,");
        plain.at(false, at, "USER x\r\nPASS");
        plain.client("1,1,156,66\r\n");
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
    }

    @Test
    void aKeepAliveProbeDoesNotDisturb() {
        plain.client("NOOP\r\n");
        plain.at(false, plain.next(false) - 1, "\0");
        plain.client(PORT);
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
    }

    @Test
    void behindAGapReadingGoesOnAtTheNextLine() {
        plain.client("NOOP\r\n");
        plain.lose(false, 10);
        plain.client("PORT 10,1,1,1,156,66\r\nPORT 10,1,1,1,156,67\r\n");
        assertThat(plain.expected).containsExactly("10.1.1.2>10.1.1.1:40003");
        plain.client("PORT 10,1,1,1,156,68\r\n");
        assertThat(plain.expected).contains("10.1.1.2>10.1.1.1:40004");
    }

    @Test
    void aReplyThatRepeatsWhatSomebodyWroteIsNotTakenForALine() {
        plain.server("550 no such file: ");
        plain.server("227 Entering Passive Mode (10,1,1,2,195,203)\r\n");
        assertThat(plain.expected).isEmpty();
    }

    @Test
    void anEndlessLineIsNotKept() {
        final String start = "227 " + "x".repeat(400);
        plain.server(start);
        plain.server("y".repeat(400));
        plain.server("(10,1,1,2,195,203)\r\n");
        assertThat(plain.expected).isEmpty();
        plain.server(PASSIVE);
        assertThat(plain.expected).hasSize(1);
    }

    @Test
    void numbersMayWrapAround() {
        final FtpBench bench = FtpBench.plain();
        bench.at(false, -8, "PORT 10,");
        bench.at(false, 0, "1,1,1,156,66\r\n");
        assertThat(bench.expected).containsExactly("10.1.1.2>10.1.1.1:40002");
    }
}

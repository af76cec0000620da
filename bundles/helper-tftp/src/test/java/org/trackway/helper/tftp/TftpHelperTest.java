// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.tftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.conntrack.spi.HelperContext;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

class TftpHelperTest {

    private static final String READ = "\0\1file.bin\0octet\0";

    private final List<ControlPacket.Request> expected = new ArrayList<>();
    private Tuple original = tuple("10.1.1.1", 45_000, "10.1.1.2", 69);
    private Tuple reply = tuple("10.1.1.2", 69, "10.1.1.1", 45_000);

    // ---- what is a request ----

    @ParameterizedTest
    @ValueSource(strings = {READ, "\0\2file.bin\0octet\0", "\0\1f\0NetAscii\0", "\0\1f\0mail\0",
        "\0\1dir/my file \u00e9\0octet\0", "\0\1f\0octet\0blksize\0" + "1428\0tsize\0" + "0\0"})
    void readAndWriteRequestsAreExpected(final String request) {
        say(false, request);
        assertThat(expected).singleElement().satisfies(wanted -> {
            assertThat(wanted.source()).isEqualTo(IpAddress.parse("10.1.1.2"));
            assertThat(wanted.destination()).isEqualTo(IpAddress.parse("10.1.1.1"));
            assertThat(wanted.protocol()).isEqualTo(IpProtocol.UDP);
            assertThat(wanted.destinationPort()).isEqualTo(45_000);
            assertThat(wanted.translationPort()).isZero();
            assertThat(wanted.singleUse()).isFalse();
            assertThat(wanted.lifetimeNs()).isZero();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\0", "\0\1", "\0\3\0\1data", "\0\4\0\1", "\0\5\0\1oops\0", "\0\6blksize\0" + "8\0",
        "\1\1f\0octet\0", "\0\1f\0octe\0", "\0\1f\0octets\0", "\0\1f\0octet", "\0\1\0octet\0", "\0\1f\0\0",
        "\0\1a\nb\0octet\0", "\0\1file"})
    void oddity25OtherPacketsExpectNothing(final String packet) {
        say(false, packet);
        assertThat(expected).isEmpty();
    }

    @Test
    void oddity25ARequestFromTheServersSideExpectsNothing() {
        say(true, READ);
        assertThat(expected).isEmpty();
    }

    @Test
    void everyPieceOfARequestIsSurvivedAndOnlyTheWholeIsExpected() {
        for (int cut = 0; cut < READ.length(); cut++) {
            say(false, READ.substring(0, cut));
            say(false, READ.substring(0, cut) + "\7" + READ.substring(cut + 1));
        }
        assertThat(expected).isEmpty();
        say(false, READ);
        assertThat(expected).hasSize(1);
    }

    // ---- where the transfer comes from and goes to ----

    @Test
    void ipv6() {
        original = tuple("fc00::1", 45_000, "fc00::2", 69);
        reply = tuple("fc00::2", 69, "fc00::1", 45_000);
        say(false, READ);
        assertThat(expected).singleElement().satisfies(wanted -> {
            assertThat(wanted.source()).isEqualTo(IpAddress.parse("fc00::2"));
            assertThat(wanted.destination()).isEqualTo(IpAddress.parse("fc00::1"));
        });
    }

    @Test
    void throughSourceNatTheTransferGoesToTheAddressTheServerSees() {
        reply = tuple("10.1.1.2", 69, "10.1.1.240", 45_000);
        say(false, READ);
        assertThat(expected).singleElement().satisfies(wanted -> {
            assertThat(wanted.destination()).isEqualTo(IpAddress.parse("10.1.1.240"));
            assertThat(wanted.translation()).isEqualTo(IpAddress.parse("10.1.1.1"));
            assertThat(wanted.translateSource()).isFalse();
            assertThat(wanted.translationPort()).isZero();
        });
    }

    @Test
    void oddity25ThroughSourceNatOfThePortTheTransferGoesToThePortTheServerSeesAndBackToTheClients() {
        reply = tuple("10.1.1.2", 69, "10.1.1.240", 1024);
        say(false, READ);
        assertThat(expected).singleElement().satisfies(wanted -> {
            assertThat(wanted.destinationPort()).isEqualTo(1024);
            assertThat(wanted.translationPort()).isEqualTo(45_000);
        });
    }

    @Test
    void throughDestinationNatTheTransferComesFromTheServerAndSeemsToComeFromTheAddressCalled() {
        original = tuple("10.1.1.1", 45_000, "10.1.1.64", 69);
        reply = tuple("10.1.1.2", 69, "10.1.1.1", 45_000);
        say(false, READ);
        assertThat(expected).singleElement().satisfies(wanted -> {
            assertThat(wanted.source()).isEqualTo(IpAddress.parse("10.1.1.2"));
            assertThat(wanted.translation()).isEqualTo(IpAddress.parse("10.1.1.64"));
            assertThat(wanted.translateSource()).isTrue();
        });
    }

    // ---- the helper in a tracker ----

    private void say(final boolean isReply, final String text) {
        new TftpHelper().control(new Datagram(isReply, text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static Tuple tuple(final String from, final int fromPort, final String to, final int toPort) {
        return new Tuple(IpAddress.parse(from), IpAddress.parse(to), IpProtocol.UDP, fromPort, toPort, 0);
    }

    private final class Datagram implements ControlPacket {
        private final boolean isReply;
        private final byte[] payload;

        Datagram(final boolean isReply, final byte[] payload) {
            this.isReply = isReply;
            this.payload = payload;
        }

        @Override
        public ConnectionView connection() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Tuple original() {
            return original;
        }

        @Override
        public Tuple reply() {
            return reply;
        }

        @Override
        public boolean isReply() {
            return isReply;
        }

        @Override
        public boolean isTranslated() {
            return true;
        }

        @Override
        public HelperContext context() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int length() {
            return payload.length;
        }

        @Override
        public int at(final int index) {
            return payload[index] & 0xff;
        }

        @Override
        public int sequence() {
            return 0;
        }

        @Override
        public boolean isStart() {
            return false;
        }

        @Override
        public void replace(final int index, final int count, final byte[] text) {
            throw new AssertionError("TFTP has no addresses in its text");
        }

        @Override
        public void expect(final Request request) {
            expected.add(request);
        }

        @Override
        public void refuse() {
            throw new AssertionError("nothing in TFTP is refused");
        }

        @Override
        public void fail() {
            throw new AssertionError();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.trackway.packet.Packets;

class LinkTypeTest {

    private static final byte[] FRAME = Packets.udp4("10.0.0.1", 5, "10.0.0.2", 6).payload("x")
        .macs("02:11:22:33:44:55", "00:00:00:00:00:00").bytes();
    private static final byte[] IP = Arrays.copyOfRange(FRAME, 14, FRAME.length);
    private static final byte[] ADDRESS = {2, 0x11, 0x22, 0x33, 0x44, 0x55, 0x7e, 0x7f};

    @Test
    void linuxCookedBecomesEthernetWithTheSenderAndTheType() throws IOException {
        final byte[] cooked = header().shorts(4, 1, 6).bytes(ADDRESS).shorts(0x0800).bytes(IP).toBytes();

        assertThat(received(113, cooked)).isEqualTo(FRAME);
    }

    @Test
    void linuxCookedVersion2BecomesEthernetWithTheSenderAndTheType() throws IOException {
        final byte[] cooked = header().shorts(0x0800, 0).ints(3).shorts(1).bytes(new byte[] {4, 6}).bytes(ADDRESS)
            .bytes(IP).toBytes();

        assertThat(received(276, cooked)).isEqualTo(FRAME);
    }

    @Test
    void aCookedHeaderWithNothingBehindItBecomesABareEthernetHeader() throws IOException {
        final byte[] cooked = header().shorts(4, 1, 6).bytes(ADDRESS).shorts(0x0800).toBytes();

        assertThat(received(113, cooked)).isEqualTo(Arrays.copyOf(FRAME, 14));
    }

    @Test
    void halfACookedHeaderBecomesAnEmptyFrame() throws IOException {
        assertThat(received(113, new byte[15])).isEmpty();
        assertThat(received(276, new byte[19])).isEmpty();
    }

    private static CaptureBytes header() {
        return new CaptureBytes(ByteOrder.BIG_ENDIAN);
    }

    private static byte[] received(final int linkType, final byte[] captured) throws IOException {
        final Received received = Received.all(
            CaptureBytes.pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, linkType).record(captured));
        assertThat(received.failure()).isNull();
        return received.frames().get(0);
    }
}

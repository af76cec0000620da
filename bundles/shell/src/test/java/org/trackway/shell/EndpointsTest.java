// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

class EndpointsTest {

    @Test
    void portsFollowAddressesAndIpv6StandsInBrackets() {
        assertThat(Endpoints.line(Connections.tuple(IpProtocol.TCP, "10.1.1.1", 1000, "10.1.1.2", 80)))
            .isEqualTo("tcp 10.1.1.1:1000 > 10.1.1.2:80");
        assertThat(Endpoints.line(Connections.tuple(IpProtocol.UDP, "fc00::1", 1, "fc00::2", 2)))
            .isEqualTo("udp [fc00::1]:1 > [fc00::2]:2");
    }

    @Test
    void protocolsWithoutPortsShowNone() {
        assertThat(Endpoints.line(Connections.tuple(47, "fc00::1", 0, "fc00::2", 0))).isEqualTo("47 fc00::1 > fc00::2");
    }

    @Test
    void queriesShowIdentifierAndType() {
        assertThat(Endpoints.line(Connections.echo("10.1.1.1", "10.1.1.2", 7).make().original()))
            .isEqualTo("icmp 10.1.1.1 id 7 > 10.1.1.2 type 8");
    }

    @Test
    void whatTheOtherSideSeesIsShownIfItDiffers() {
        final Connections plain = Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53);
        assertThat(Endpoints.translation(plain.make())).isEmpty();
        assertThat(Endpoints.translation(plain.reply(Connections.tuple(IpProtocol.UDP, "10.1.1.2", 53, "10.1.1.240",
            1000))
            .make())).isEqualTo("from 10.1.1.240:1000");
        assertThat(Endpoints.translation(plain.reply(Connections.tuple(IpProtocol.UDP, "10.1.1.9", 5353, "10.1.1.1",
            1001))
            .make())).isEqualTo("from 10.1.1.1:1001 to 10.1.1.9:5353");
    }

    @Test
    void aTranslatedIdentifierBelongsToTheSenderAlone() {
        final Tuple reply = new Tuple(IpAddress.parse("10.1.1.2"), IpAddress.parse("10.1.1.240"), IpProtocol.ICMP, 8,
            8, 0);
        assertThat(Endpoints.translation(Connections.echo("10.1.1.1", "10.1.1.2", 7).reply(reply).make()))
            .isEqualTo("from 10.1.1.240 id 8");
    }
}

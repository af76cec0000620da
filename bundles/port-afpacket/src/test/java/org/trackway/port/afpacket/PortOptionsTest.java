// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.port.afpacket.PortOptions.Mode;

class PortOptionsTest {

    @Test
    void aPortNeedsNoOptionIfItIsNamedAsItsInterface() {
        assertThat(PortOptions.parse("eth1", Map.of()))
            .isEqualTo(new PortOptions("eth1", null, Mode.V2, 8 << 20, 1, true, true));
    }

    @Test
    void everyOptionIsTaken() {
        assertThat(PortOptions.parse("inside", Map.of("interface", "eth1", "netns", "lab", "mode", "v3", "ring", "256",
            "threads", "16", "promiscuous", "false", "bypass", "false")))
            .isEqualTo(new PortOptions("eth1", Path.of("/run/netns/lab"), Mode.V3, 256 << 20, 16, false, false));
    }

    @Test
    void aNamespaceWithASlashIsAPath() {
        assertThat(PortOptions.parse("a", Map.of("netns", "/proc/7/ns/net")).namespace())
            .isEqualTo(Path.of("/proc/7/ns/net"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
        rings       | 1                | unknown option 'rings': an afpacket port takes interface, netns, mode, ring
        interface   | ""               | option 'interface' is ''
        interface   | sixteenletterss1 | give the name of a Linux network interface, 1 to 15 characters
        interface   | a b              | option 'interface' is 'a b'
        interface   | a/b              | option 'interface' is 'a/b'
        netns       | ..               | give a name under /run/netns, or a path with a slash
        netns       | ""               | give a name under /run/netns, or a path with a slash
        mode        | v1               | option 'mode' is 'v1': give v2 or v3
        ring        | 0                | option 'ring' is '0': give 1 to 256 MiB
        ring        | 257              | option 'ring' is '257': give 1 to 256 MiB
        ring        | 9999999999       | give 1 to 256 MiB
        ring        | 4M               | give 1 to 256 MiB
        threads     | 17               | option 'threads' is '17': give 1 to 16
        promiscuous | yes              | option 'promiscuous' is 'yes': give true or false
        bypass      | 1                | option 'bypass' is '1': give true or false
        """)
    void whatIsNotAllowedIsAnsweredWithWhatIs(final String option, final String value, final String answer) {
        assertThatThrownBy(() -> PortOptions.parse("port", Map.of(option, value)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(answer);
    }
}

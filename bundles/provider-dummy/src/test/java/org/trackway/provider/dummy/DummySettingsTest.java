// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.Capabilities.Mode;

class DummySettingsTest {

    @Test
    void withoutAnyValueItIsAWellBehavedCardThatForwards() {
        final DummySettings settings = Cards.settings();
        assertThat(settings.name()).isEqualTo("dummy");
        assertThat(settings.capabilities())
            .isEqualTo(Capabilities.FORWARDS.withProtocols(Set.of(1, 6, 17, 58)).withCapacity(65_536));
        assertThat(settings.serves("any port")).isTrue();
        assertThat(settings.throwing()).isEmpty();
        assertThat(settings.hanging()).isEmpty();
    }

    @Test
    void everyValueReachesItsSetting() {
        final DummySettings settings = Cards.settings("name", "nic", "mode", "tracks", "priority", 7,
            "ports", "p1, eth*", "capacity", 10, "oneWay", true, "protocols", "tcp,47", "v6", false, "nat", false,
            "batchSize", 9, "latencyUs", 1, "pendingMs", 2, "failureRate", 3, "evictionRate", 4,
            "throwing", "add, delete", "hanging", "all", "forget", true, "lie", true, "backwards", true, "lost", true);
        assertThat(settings.capabilities()).isEqualTo(new Capabilities(Mode.TRACKS, Set.of(6, 47), true, false,
            Set.of(), true, Set.of(), true, 10, 9, ""));
        assertThat(settings).isEqualTo(new DummySettings("nic", 7, settings.ports(), settings.capabilities(), 1, 2, 3,
            4, EnumSet.of(Call.ADD, Call.DELETE), EnumSet.allOf(Call.class), true, true, true, true));
    }

    @Test
    void portsAreNamesOrPatterns() {
        final DummySettings settings = Cards.settings("ports", "p1, eth*, *.7");
        assertThat(settings.serves("p1")).isTrue();
        assertThat(settings.serves("p11")).isFalse();
        assertThat(settings.serves("eth0")).isTrue();
        assertThat(settings.serves("veth0")).isFalse();
        assertThat(settings.serves("vlan.7")).isTrue();
        assertThat(settings.serves("vlan77")).isFalse();
        assertThat(Cards.settings("ports", "").serves("p1")).isFalse();
    }

    @Test
    void aFileGivesItsNameUnlessItSaysAnother() {
        final String pid = "org.trackway.provider.dummy~left";
        assertThat(Cards.settings("service.pid", pid).name()).isEqualTo("left");
        assertThat(Cards.settings("service.pid", pid, "name", "right").name()).isEqualTo("right");
        assertThat(Cards.settings("service.pid", "org.trackway.provider.dummy").name()).isEqualTo("dummy");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "name        | a b     | name 'a b' has others than",
        "mode        | both    | mode 'both' is neither forwards nor tracks",
        "protocols   | tcpp    | unknown protocol 'tcpp'",
        "throwing    | explode | 'explode' is no operation: give all or canOffload, add,",
        "capacity    | 0       | capacity 0 is not in 1 to 1000000",
        "batchSize   | 0       | batch size 0 (1 to 4096)",
        "latencyUs   | -1      | latencyUs -1 is not in 0 to 60000000",
        "pendingMs   | 60001   | pendingMs 60001 is not in 0 to 60000",
        "failureRate | 1001    | failureRate 1001 is not in 0 to 1000",
        "evictionRate| -5      | evictionRate -5 is not in 0 to 1000"})
    void wrongValuesAreRefusedWithWhatIsAllowed(final String key, final String value, final String message) {
        final Object typed = value.matches("-?[0-9]+") ? Integer.valueOf(value) : value;
        assertThatIllegalArgumentException().isThrownBy(() -> Cards.settings(key, typed))
            .withMessageContaining(message);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;

/** A path says what it is, keeps it, and is never nonsense. */
class PathTest {

    private static final Tuple ARRIVES = tuple("10.0.0.1", 6);
    private static final List<Path.Hop> HOPS = List.of(new Path.Hop(7, true));

    private static Tuple tuple(final String source, final int protocol) {
        final String destination = source.contains(":") ? "fc00::2" : "10.0.0.2";
        return Tuple.of(IpAddress.parse(source), IpAddress.parse(destination), protocol, 1000, 80);
    }

    private static Path path(final Tuple leaves, final long mac, final int ttl, final List<Path.Hop> hops) {
        return new Path("p1", "p2", ARRIVES, leaves, List.of(), List.of(new Path.Tag(0x8100, 5)), OptionalLong.of(mac),
            OptionalLong.empty(), ttl, hops);
    }

    @Test
    void aPathTranslatesIfItsTuplesDiffer() {
        assertThat(path(ARRIVES, 1, 1, HOPS).translates()).isFalse();
        assertThat(path(tuple("10.9.9.9", 6), 1, 1, HOPS).translates()).isTrue();
    }

    @Test
    void whatItWasMadeOfCanChange() {
        final List<Path.Hop> hops = new ArrayList<>(HOPS);
        final Path path = path(ARRIVES, 1, 0, hops);
        hops.clear();
        assertThat(path.hops()).isEqualTo(HOPS);
        assertThat(path).isEqualTo(path(ARRIVES, 1, 0, HOPS));
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> path(tuple("10.9.9.9", 17), 1, 1, HOPS))
            .hasMessageContaining("protocol stay the same");
        assertThatThrownBy(() -> path(tuple("fc00::1", 6), 1, 1, HOPS)).hasMessageContaining("IP version");
        assertThatThrownBy(() -> path(ARRIVES, 1L << 48, 1, HOPS)).hasMessage("an Ethernet address has 48 bits");
        assertThatThrownBy(() -> new Path("p1", "p2", ARRIVES, ARRIVES, List.of(), List.of(), OptionalLong.empty(),
            OptionalLong.empty(), 0, HOPS, OptionalLong.empty(), OptionalLong.of(1L << 48)))
            .hasMessage("an Ethernet address has 48 bits");
        assertThatThrownBy(() -> path(ARRIVES, 1, 256, HOPS)).hasMessage("TTL decrement 256 is not in 0 to 255");
        assertThatThrownBy(() -> path(ARRIVES, 1, 1, List.of())).hasMessage("a path passes at least one connection");
        assertThatThrownBy(() -> new Path.Tag(0x0800, 1)).hasMessage("not a VLAN tag: type 0x800, tci 0x1");
    }
}

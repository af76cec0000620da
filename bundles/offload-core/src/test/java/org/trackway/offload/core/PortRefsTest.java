// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Port;

class PortRefsTest {

    private final PortRefs refs = new PortRefs();

    @Test
    void aPortHasOneReferenceAndEqualPortsHaveTwo() {
        final Port one = new NamedPort("p");
        final Port twin = new NamedPort("p");
        assertThat(one).isEqualTo(twin);
        assertThat(refs.of(one)).isSameAs(refs.of(one)).isNotSameAs(refs.of(twin));
        assertThat(refs.of(one).get()).isSameAs(one);
        assertThat(refs.of(null)).isNull();
    }

    @Test
    void manyPortsAreAllFoundAgain() {
        final List<Port> ports = new ArrayList<>();
        final List<PortRef> made = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            ports.add(new NamedPort("p" + i));
            made.add(refs.of(ports.get(i)));
        }
        for (int i = 0; i < 1_000; i++) {
            assertThat(refs.of(ports.get(i))).isSameAs(made.get(i));
        }
    }

    @Test
    void aPortThatIsGoneIsNotKept() {
        final WeakReference<Port> gone = seen();
        for (int i = 0; i < 100 && gone.get() != null; i++) {
            System.gc();
        }
        assertThat(gone.get()).isNull();
        final Port next = new NamedPort("next");
        assertThat(refs.of(next).get()).isSameAs(next);
    }

    private WeakReference<Port> seen() {
        final Port port = new NamedPort("gone");
        refs.of(port);
        return new WeakReference<>(port);
    }
}

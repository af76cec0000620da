// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PacketBatchTest {

    private final PacketBatch batch = new PacketBatch();

    private List<Packet> fill(final int count) {
        final List<Packet> packets = new ArrayList<>(Stream.generate(() -> new Packet(0)).limit(count).toList());
        packets.forEach(batch::add);
        return packets;
    }

    private List<Packet> content() {
        return IntStream.range(0, batch.size()).mapToObj(batch::get).toList();
    }

    @Test
    void isEmptyAtFirst() {
        assertThat(batch.isEmpty()).isTrue();
        assertThat(batch.size()).isZero();
    }

    @Test
    void keepsTheOrderAndGrowsBeyondABurst() {
        final List<Packet> packets = fill(100);

        assertThat(content()).containsExactlyElementsOf(packets);
        assertThat(batch.isEmpty()).isFalse();
    }

    @Test
    void oneTakesThePlaceOfAnother() {
        final List<Packet> packets = fill(3);
        packets.set(1, new Packet(0));
        batch.set(1, packets.get(1));

        assertThat(content()).containsExactlyElementsOf(packets);
    }

    @Test
    void isCutAndCleared() {
        final List<Packet> packets = fill(5);
        batch.truncate(2);
        assertThat(content()).containsExactlyElementsOf(packets.subList(0, 2));

        batch.clear();
        assertThat(batch.isEmpty()).isTrue();
    }

    @Test
    void whatIsNotInItCantBeReached() {
        fill(3);
        batch.truncate(2);

        for (final int index : new int[] {-1, 2, 3, 1000}) {
            assertThatThrownBy(() -> batch.get(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> batch.set(index, new Packet(0))).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> batch.truncate(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> batch.truncate(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(batch.size()).isEqualTo(2);
    }
}

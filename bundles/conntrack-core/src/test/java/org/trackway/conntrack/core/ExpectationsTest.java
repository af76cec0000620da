// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

class ExpectationsTest {

    private static final Key PARENT =
        Key.of(new Tuple(IpAddress.parse("10.1.1.1"), IpAddress.parse("10.1.1.2"), IpProtocol.TCP, 1000, 21, 0), 5);

    private final Counters counters = new Counters();
    private int limit = 64;
    private final Expectations store = new Expectations(() -> limit, counters);

    private static Expectations.Announcement announcement(final long parent, final int port, final int mark,
            final long lifetimeNs, final boolean singleUse) {
        return new Expectations.Announcement(new ControlPacket.Request(IpAddress.parse("10.1.1.2"),
            IpAddress.parse("10.1.1.1"), IpProtocol.TCP, port, null, 0, false, lifetimeNs, singleUse), PARENT, parent,
            "ftp", mark, 0, 0);
    }

    private static Key packet(final String from, final int fromPort, final int toPort, final int zone) {
        return Key.of(new Tuple(IpAddress.parse(from), IpAddress.parse("10.1.1.1"), IpProtocol.TCP, fromPort, toPort, 0),
            zone);
    }

    @Example
    void anySourcePortIsMetAndEverythingElseIsExact() {
        store.add(announcement(1, 4000, 0, 0, false), 1);
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 1)).isNotNull();
        assertThat(store.find(packet("10.1.1.2", 0xffff, 4000, 5), 1)).isNotNull();
        assertThat(store.find(packet("10.1.1.2", 20, 4001, 5), 1)).as("other port").isNull();
        assertThat(store.find(packet("10.1.1.3", 20, 4000, 5), 1)).as("other source").isNull();
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 6), 1)).as("other zone").isNull();
    }

    /** Keys are used again and again, and only IPv6 fills all of their words. */
    @Example
    void whatAnEarlierPacketOfIpv6LeftInAKeyDoesNotMatter() {
        store.add(announcement(1, 4000, 0, 0, false), 1);
        final Key key = packet("10.1.1.2", 20, 4000, 5);
        key.address1 = 1;
        key.address2 = 2;
        key.address3 = 3;
        assertThat(store.find(key, 1)).isNotNull();
    }

    @Example
    void oddity24AnExpectationIsReusableAndLivesWithItsParent() {
        store.add(announcement(1, 4000, 0, 0, false), 1);
        for (int i = 0; i < 3; i++) {
            assertThat(store.claim(store.find(packet("10.1.1.2", 20 + i, 4000, 5), Long.MAX_VALUE / 2))).isTrue();
        }
        store.removeParent(2);
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 1)).isNotNull();
        store.removeParent(1);
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 1)).isNull();
        assertThat(store.list(OptionalInt.empty(), 1)).isEmpty();
    }

    @Example
    void oddity24OneTooManyPushesTheOldestOutAndIsCounted() {
        limit = 2;
        for (int port = 4000; port < 4003; port++) {
            store.add(announcement(1, port, 0, 0, false), 1);
        }
        store.add(announcement(2, 5000, 0, 0, false), 1);
        assertThat(store.list(OptionalInt.of(5), 1)).extracting(e -> e.tuple().destinationPort())
            .containsExactly(4001, 4002, 5000);
        assertThat(counters.all().get(Counter.EXPECTATIONS_FULL)).isEqualTo(1);
    }

    @Example
    void theFirstOfOneTupleStays() {
        store.add(announcement(1, 4000, 7, 0, false), 1);
        assertThat(store.add(announcement(2, 4000, 8, 0, false), 1)).isNull();
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 1).mark).isEqualTo(7);
    }

    @Example
    void aLifetimeEndsToTheNanosecond() {
        store.add(announcement(1, 4000, 0, 100, false), 50);
        assertThat(store.list(OptionalInt.empty(), 149)).singleElement()
            .satisfies(e -> assertThat(e.remainingNs()).isEqualTo(OptionalLong.of(1)));
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 149)).isNotNull();
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 150)).isNull();
        assertThat(store.list(OptionalInt.empty(), 150)).isEmpty();
        assertThat(store.expire(150)).isEqualTo(1);
        assertThat(store.expire(150)).isZero();
    }

    @Example
    void aLapsedExpectationMakesWayForANewOne() {
        store.add(announcement(1, 4000, 7, 100, false), 50);
        assertThat(store.add(announcement(2, 4000, 8, 0, false), 150)).isNotNull();
        assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 150).mark).isEqualTo(8);
    }

    @Example
    void aSingleUseIsClaimedByOneOfManyThreads() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            store.add(announcement(1, 4000, 0, 0, true), 1);
            final Expectations.Entry found = store.find(packet("10.1.1.2", 20, 4000, 5), 1);
            final AtomicInteger claims = new AtomicInteger();
            final CountDownLatch go = new CountDownLatch(1);
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                final Thread thread = new Thread(() -> {
                    try {
                        go.await();
                    } catch (final InterruptedException stopped) {
                        return;
                    }
                    if (store.claim(found)) {
                        claims.incrementAndGet();
                    }
                });
                thread.start();
                threads.add(thread);
            }
            go.countDown();
            for (final Thread thread : threads) {
                thread.join();
            }
            assertThat(claims).hasValue(1);
            assertThat(store.find(packet("10.1.1.2", 20, 4000, 5), 1)).isNull();
        }
    }

    @Property(tries = 300)
    void agreesWithAListAndNeverHoldsMoreThanAllowed(
            @ForAll @Size(max = 80) final List<@IntRange(min = 0, max = 9999) Integer> steps,
            @ForAll @IntRange(min = 1, max = 5) final int allowed) {
        limit = allowed;
        final Expectations tested = new Expectations(() -> limit, counters);
        final List<int[]> model = new ArrayList<>();
        for (final int step : steps) {
            final int parent = step % 4;
            final int port = 4000 + step / 10 % 40;
            if (step % 10 < 7) {
                tested.add(announcement(parent, port, 0, 0, false), 1);
                if (model.stream().noneMatch(e -> e[1] == port)) {
                    if (model.stream().filter(e -> e[0] == parent).count() == allowed) {
                        model.remove(model.stream().filter(e -> e[0] == parent).findFirst().orElseThrow());
                    }
                    model.add(new int[] {parent, port});
                }
            } else {
                tested.removeParent(parent);
                model.removeIf(e -> e[0] == parent);
            }
            assertThat(tested.list(OptionalInt.empty(), 1)).extracting(e -> e.tuple().destinationPort())
                .containsExactlyElementsOf(model.stream().map(e -> e[1]).toList());
            for (int p = 4000; p < 4040; p++) {
                final int wanted = p;
                assertThat(tested.find(packet("10.1.1.2", 1, p, 5), 1) != null)
                    .isEqualTo(model.stream().anyMatch(e -> e[1] == wanted));
            }
        }
    }
}

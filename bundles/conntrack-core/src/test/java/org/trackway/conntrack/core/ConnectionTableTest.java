// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.TableStatistics;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** The table by itself: its secret is known here, so that keys can be chosen that collide. */
class ConnectionTableTest {

    private static final long SALT = 42;
    private static final long NOW = 1;

    private final ConnectionTable table = new ConnectionTable(SALT, () -> NOW, policy -> Optional.empty());
    private final Cursor cursor = new Cursor(table);
    private final Key scratch = new Key();

    private static Key udp(final int number) {
        return Key.of(Tuple.of(IpAddress.v4(number), IpAddress.v4(0x0a000001), IpProtocol.UDP, 1000, 2000), 0);
    }

    private static Key reverse(final Key key) {
        final Key reverse = new Key();
        reverse.setReverse(key);
        return reverse;
    }

    private boolean insert(final Key key) {
        final boolean admitted = table.admit(Integer.MAX_VALUE);
        final boolean inserted = table.insert(key, reverse(key), table.hash(key), NOW, true, cursor);
        if (inserted) {
            cursor.unlock();
        } else if (admitted) {
            table.dismiss();
        }
        return inserted;
    }

    private boolean find(final Key key) {
        final int[] candidate = new int[1];
        table.candidates(new long[] {table.hash(key)}, candidate, 1);
        final boolean found = table.find(key, table.hash(key), candidate[0], NOW, cursor);
        if (found) {
            cursor.unlock();
        }
        return found;
    }

    private void remove(final Key key) {
        assertThat(table.find(key, table.hash(key), 0, NOW, cursor)).isTrue();
        table.remove(cursor, scratch);
    }

    /** Keys of one shard, all of whose searches begin within {@code homes} slots of 16. */
    private List<Key> colliding(final int count, final int homes) {
        final List<Key> keys = new ArrayList<>();
        for (int number = 0; keys.size() < count; number++) {
            final Key key = udp(number);
            final long hash = table.hash(key);
            if (hash >>> 56 == 7 && (hash & 15) < homes) {
                keys.add(key);
            }
        }
        return keys;
    }

    @Test
    void aConnectionIsFoundByBothOfItsKeys() {
        insert(udp(1));
        assertThat(find(udp(1))).isTrue();
        assertThat(cursor.reply).isFalse();
        assertThat(find(reverse(udp(1)))).isTrue();
        assertThat(cursor.reply).isTrue();
        assertThat(find(udp(2))).isFalse();
    }

    @Test
    void aKeyIsTakenOnceInEitherDirection() {
        assertThat(insert(udp(1))).isTrue();
        assertThat(insert(udp(1))).isFalse();
        assertThat(insert(reverse(udp(1)))).isFalse();
        assertThat(table.count()).isEqualTo(1);
        remove(udp(1));
        assertThat(insert(reverse(udp(1)))).isTrue();
    }

    @Test
    void keysThatShareOneHashAreToldApart() {
        final IpAddress one = IpAddress.v4(1);
        final IpAddress other = IpAddress.v4(2);
        final List<Key> keys = new ArrayList<>();
        for (final int type : new int[] {8, 13, 15}) {
            keys.add(Key.of(new Tuple(one, other, IpProtocol.ICMP, 7, 7, type), 0));
        }
        assertThat(keys).extracting(table::hash).containsOnly(table.hash(keys.get(0)));
        keys.forEach(key -> assertThat(insert(key)).isTrue());
        remove(keys.get(1));
        assertThat(find(keys.get(0))).isTrue();
        assertThat(find(keys.get(1))).isFalse();
        assertThat(find(keys.get(2))).isTrue();
        assertThat(find(reverse(keys.get(2)))).isTrue();
        assertThat(insert(keys.get(1))).isTrue();
        keys.forEach(this::remove);
        assertThat(table.statistics().indexUsed()).isZero();
    }

    @Test
    void manyConnectionsOfOneShardAreAllFoundWhileItGrows() {
        final List<Key> keys = colliding(1500, 16);
        for (int i = 0; i < keys.size(); i++) {
            assertThat(insert(keys.get(i))).isTrue();
            assertThat(find(keys.get(i / 2))).isTrue();
        }
        keys.forEach(key -> assertThat(find(key)).isTrue());
        final TableStatistics statistics = table.statistics();
        assertThat(statistics.connections()).isEqualTo(1500);
        assertThat(statistics.indexUsed()).isEqualTo(1500);
        // 255 shards of the least size, and one that has grown.
        assertThat(statistics.indexSlots()).isEqualTo(255 * 16 + 4096);
    }

    @Test
    void connectionsBehindOnesThatWentAreStillFound() {
        final List<Key> keys = colliding(9, 2);
        keys.forEach(this::insert);
        assertThat(table.statistics().longestProbe()).isGreaterThanOrEqualTo(8);
        for (int i = 0; i < 8; i++) {
            remove(keys.get(i));
            for (int j = i + 1; j < 9; j++) {
                assertThat(find(keys.get(j))).isTrue();
            }
        }
        assertThat(table.statistics().indexUsed()).isEqualTo(1);
    }

    @Test
    void comingAndGoingForeverDoesNotGrowTheIndexNorTheEntries() {
        final List<Key> keys = colliding(2000, 4);
        final int slots = table.statistics().indexSlots();
        for (int i = 0; i < keys.size(); i++) {
            insert(keys.get(i));
            if (i >= 6) {
                remove(keys.get(i - 6));
            }
        }
        assertThat(table.statistics().indexSlots()).isEqualTo(slots);
        assertThat(table.statistics().indexUsed()).isEqualTo(6);
        assertThat(table.statistics().entries()).isEqualTo(Slab.CHUNK_ENTRIES);
    }

    @Test
    void anyOrderOfComingAndGoingAgreesWithASet() {
        final List<Key> keys = colliding(60, 3);
        final Random random = new Random(5);
        final Set<Key> present = new HashSet<>();
        for (int step = 0; step < 20_000; step++) {
            final Key key = keys.get(random.nextInt(keys.size()));
            if (random.nextBoolean()) {
                assertThat(insert(key)).isEqualTo(present.add(key));
            } else if (present.remove(key)) {
                remove(key);
            }
            if (step % 50 == 0) {
                table.tidy();
            }
            final Key asked = keys.get(random.nextInt(keys.size()));
            assertThat(find(asked)).isEqualTo(present.contains(asked));
            assertThat(table.count()).isEqualTo(present.size());
        }
        assertThat(table.statistics().indexUsed()).isEqualTo(present.size());
        List.copyOf(present).forEach(this::remove);
        assertThat(table.statistics().indexUsed()).isZero();
    }

    @Test
    void theKeyOfATranslatedConnectionIsItsOwnInBothPlaces() {
        final Key forward = udp(1);
        final Key reply = reverse(udp(99));
        table.admit(10);
        assertThat(table.reserve(forward, reply, NOW, true, cursor)).isTrue();
        final Cursor other = new Cursor(table);
        assertThat(table.find(reply, table.hash(reply), 0, NOW, other)).as("not live yet").isFalse();
        assertThat(table.complete(forward, reply, table.hash(forward), cursor, NOW)).isTrue();
        cursor.unlock();
        assertThat(find(forward)).isTrue();
        assertThat(cursor.reply).isFalse();
        assertThat(find(reply)).isTrue();
        assertThat(cursor.reply).isTrue();
        assertThat(find(reverse(forward))).isFalse();
        assertThat(find(reverse(reply))).isFalse();
        assertThat(table.statistics().indexUsed()).isEqualTo(2);
        assertThat(insert(udp(99))).as("its reverse is the reply key").isFalse();
        remove(reply);
        assertThat(table.statistics().indexUsed()).isZero();
        assertThat(insert(udp(99))).isTrue();
    }

    @Test
    void aReservedKeyIsTakenAndGivenBackIfTheOtherIsNotFree() {
        insert(udp(1));
        final Key reply = reverse(udp(99));
        final Cursor other = new Cursor(table);
        assertThat(table.reserve(udp(1), reply, NOW, true, other)).isTrue();
        assertThat(insert(udp(99))).as("the reply key is reserved").isFalse();
        assertThat(table.complete(udp(1), reply, table.hash(udp(1)), other, NOW)).isFalse();
        assertThat(insert(udp(99))).isTrue();
        assertThat(table.statistics().indexUsed()).isEqualTo(2);
    }

    @Test
    void anExpiredConnectionDoesNotHoldItsKeyAndDoesNotComeBack() {
        insert(udp(1));
        assertThat(table.find(udp(1), table.hash(udp(1)), 0, NOW, cursor)).isTrue();
        final long first = cursor.id();
        cursor.put(Slab.EXPIRES, 100);
        cursor.unlock();
        final Key key = udp(1);
        assertThat(table.insert(key, reverse(key), table.hash(key), 99, true, cursor)).isFalse();
        assertThat(table.insert(key, reverse(key), table.hash(key), 100, true, cursor)).isTrue();
        final long second = cursor.id();
        cursor.unlock();
        assertThat(table.find(first, 0, cursor)).as("even for a clock reading of before").isFalse();
        assertThat(table.find(second, 100, cursor)).isTrue();
        cursor.unlock();
    }

    @Test
    void idsAreNeverUsedAgain() {
        final Set<Long> ids = new HashSet<>();
        for (int round = 0; round < 200; round++) {
            for (int number = 0; number < 20; number++) {
                insert(udp(number));
                assertThat(table.find(udp(number), table.hash(udp(number)), 0, NOW, cursor)).isTrue();
                assertThat(ids.add(cursor.id())).isTrue();
                cursor.unlock();
            }
            for (int number = 0; number < 20; number++) {
                remove(udp(number));
            }
        }
        assertThat(ids).hasSize(4000).doesNotContain(0L);
        ids.forEach(id -> assertThat(table.find(id, NOW, cursor)).isFalse());
    }

    @Test
    void anEntryThatHasUsedUpItsGenerationsIsLeftAlone() {
        insert(udp(1));
        table.find(udp(1), table.hash(udp(1)), 0, NOW, cursor);
        final int worn = cursor.index;
        cursor.put(Slab.HEAD, (long) (Slab.MAX_GENERATION - 1) << 32 | cursor.get(Slab.HEAD) & 0xffffffffL);
        table.remove(cursor, scratch);
        final Set<Integer> used = new HashSet<>();
        for (int number = 0; number < 3 * Slab.CHUNK_ENTRIES; number++) {
            insert(udp(number));
            used.add(cursor.index);
        }
        assertThat(used).hasSize(3 * Slab.CHUNK_ENTRIES).doesNotContain(worn);
    }

    @Test
    void entriesTakenAheadFollowEachOtherAndThoseNotUsedAreGivenBack() {
        for (int expected = 1; expected < Slab.CHUNK_ENTRIES - 20; expected++) {
            assertThat(cursor.fresh(table.slab(0))).isEqualTo(expected);
            if (expected % 20 == 0) {
                cursor.giveBack();
            }
        }
    }

    @Test
    void theMaximumIsExact() {
        assertThat(table.admit(2)).isTrue();
        assertThat(table.admit(2)).isTrue();
        assertThat(table.admit(2)).isFalse();
        table.dismiss();
        assertThat(table.admit(2)).isTrue();
        assertThat(table.count()).isEqualTo(2);
    }

    @Test
    void statisticsCountEntriesSlotsAndBytesOfAllKinds() {
        final TableStatistics empty = table.statistics();
        assertThat(empty).isEqualTo(new TableStatistics(0, 0, 256 * 16, 0, 0, 256 * 16 * 8L));
        insert(udp(1));
        final TableStatistics one = table.statistics();
        assertThat(one).isEqualTo(new TableStatistics(1, Slab.CHUNK_ENTRIES, 256 * 16, 1, 1,
            256 * 16 * 8L + Slab.CHUNK_ENTRIES * 128L + 48));
        insert(Key.of(Tuple.of(IpAddress.v6(1, 2), IpAddress.v6(3, 4), IpProtocol.UDP, 5, 6), 0));
        final TableStatistics both = table.statistics();
        assertThat(both.connections()).isEqualTo(2);
        assertThat(both.entries()).isEqualTo(2 * Slab.CHUNK_ENTRIES);
        assertThat(both.bytes()).isEqualTo(one.bytes() + Slab.CHUNK_ENTRIES * 176L);
    }

    @Test
    void walkingMeetsEveryConnectionOnce() {
        final List<Key> keys = new ArrayList<>();
        for (int number = 0; number < Slab.CHUNK_ENTRIES + 100; number++) {
            keys.add(udp(number));
            insert(udp(number));
        }
        Collections.shuffle(keys, new Random(1));
        keys.subList(0, 1000).forEach(this::remove);
        int met = 0;
        for (int kind = 0; kind < table.kinds(); kind++) {
            for (int index = 1; index < table.end(kind); index++) {
                if (table.lockAt(kind, index, cursor)) {
                    met++;
                    cursor.unlock();
                }
            }
        }
        assertThat(met).isEqualTo(keys.size() - 1000);
    }
}

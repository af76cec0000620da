// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/**
 * The table is linearizable: whatever threads do at once with a few keys looks as if they had done it one after another.
 * The keys are chosen so that all of them start their search at one slot of one shard.
 */
@Param(name = "key", gen = IntGen.class, conf = "0:3")
public class ConnectionTableLincheckTest {

    private static final long SALT = 42;
    private static final List<Key> KEYS = collidingKeys();

    private final ConnectionTable table = new ConnectionTable(SALT, () -> 0, policy -> Optional.empty());

    private static List<Key> collidingKeys() {
        final List<Key> keys = new ArrayList<>();
        for (int port = 1; keys.size() < 4; port++) {
            final Key key = Key.of(Tuple.of(IpAddress.v4(0x0a000001 + (port >>> 16)), IpAddress.v4(0x0a090909),
                IpProtocol.UDP, port & 0xffff, 53), 0);
            final long hash = key.hash(SALT);
            if (hash >>> 56 == 0 && (hash & 15) == 7) {
                keys.add(key);
            }
        }
        return keys;
    }

    /** Adds a connection unless it is there. */
    @Operation
    public boolean add(@Param(name = "key") final int number) {
        final Key key = KEYS.get(number);
        final Key reverse = new Key();
        reverse.setReverse(key);
        final Cursor cursor = new Cursor(table);
        table.admit(1000);
        if (table.insert(key, reverse, table.hash(key), 0, true, cursor)) {
            cursor.unlock();
            return true;
        }
        table.dismiss();
        return false;
    }

    /** Looks a connection up by its reverse key. */
    @Operation
    public boolean contains(@Param(name = "key") final int number) {
        final Key reverse = new Key();
        reverse.setReverse(KEYS.get(number));
        final Cursor cursor = new Cursor(table);
        if (table.find(reverse, table.hash(reverse), 0, 0, cursor)) {
            cursor.unlock();
            return true;
        }
        return false;
    }

    /** Removes a connection if it is there. */
    @Operation
    public boolean remove(@Param(name = "key") final int number) {
        final Key key = KEYS.get(number);
        final Cursor cursor = new Cursor(table);
        if (table.find(key, table.hash(key), 0, 0, cursor)) {
            table.remove(cursor, new Key());
            return true;
        }
        return false;
    }

    /** What the table is to look like. */
    public static final class Model {
        private final Set<Integer> keys = new HashSet<>();

        /** Adds a key. */
        public boolean add(final int key) {
            return keys.add(key);
        }

        /** Says whether a key is there. */
        public boolean contains(final int key) {
            return keys.contains(key);
        }

        /** Removes a key. */
        public boolean remove(final int key) {
            return keys.remove(key);
        }
    }

    @Test
    void addLookUpAndRemoveLookAtomic() {
        LinChecker.check(ConnectionTableLincheckTest.class, new StressOptions().sequentialSpecification(Model.class)
            .threads(2).actorsPerThread(4).actorsBefore(2).actorsAfter(2).iterations(20).invocationsPerIteration(1000));
    }
}

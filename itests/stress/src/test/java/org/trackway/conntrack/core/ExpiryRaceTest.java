// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * A connection at the very end of its time, and two threads whose readings of the clock differ: one has a packet that
 * keeps it, the other opens a new connection with its tuple. Only one of them may be right.
 */
class ExpiryRaceTest {

    private static final long END = 100;
    private static final long SECONDS = Long.getLong("trackway.stress.seconds", 10);

    private final ConnectionTable table = new ConnectionTable(42, () -> 0, policy -> Optional.empty());
    private final Key key = new Key();
    private final Key reverse = new Key();
    private final long hash;
    private final Cursor cursor = new Cursor(table);
    private volatile int round;
    private volatile int finished;
    private volatile long first;
    private volatile boolean kept;

    ExpiryRaceTest() {
        key.address0 = 0x0a0101010a010102L;
        key.ports = Key.ports(1000, 2000, 0, 17, 0);
        reverse.setReverse(key);
        hash = table.hash(key);
    }

    private long insert(final long nowNs, final long expires) {
        table.admit(Integer.MAX_VALUE);
        if (!table.insert(key, reverse, hash, nowNs, true, cursor)) {
            table.dismiss();
            return 0;
        }
        final long id = cursor.id();
        cursor.put(Slab.EXPIRES, expires);
        cursor.unlock();
        return id;
    }

    private void keep() {
        final Cursor own = new Cursor(table);
        for (int number = 1; number > 0; number++) {
            while (round != number) {
                if (round < 0) {
                    return;
                }
                Thread.onSpinWait();
            }
            kept = false;
            for (int look = 0; look < 20 && !kept && table.find(key, hash, 0, END - 1, own); look++) {
                if (own.id() == first && look > 15) {
                    own.put(Slab.EXPIRES, 10 * END);
                    kept = true;
                }
                own.unlock();
            }
            finished = number;
        }
    }

    private void removeAll() {
        final Key scratch = new Key();
        for (int index = 1; index < table.end(0); index++) {
            if (table.lockAt(0, index, cursor)) {
                table.remove(cursor, scratch);
            }
        }
    }

    @Test
    void aTupleHasOneConnectionWhenOneThreadKeepsWhatAnotherTakesForExpired() throws InterruptedException {
        final Thread keeper = new Thread(this::keep);
        keeper.start();
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int doubled = 0;
        int number = 0;
        while (System.nanoTime() < endNs) {
            first = insert(0, END);
            round = ++number;
            for (int left = ThreadLocalRandom.current().nextInt(60); left > 0; left--) {
                Thread.onSpinWait();
            }
            final boolean renewed = insert(END, 10 * END) != 0;
            while (finished != number) {
                Thread.onSpinWait();
            }
            doubled += renewed && kept ? 1 : 0;
            removeAll();
        }
        round = -1;
        keeper.join();
        assertThat(doubled).as("in %d rounds", number).isZero();
        assertThat(table.count()).isZero();
    }
}

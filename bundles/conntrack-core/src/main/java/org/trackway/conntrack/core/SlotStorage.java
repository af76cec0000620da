// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.trackway.conntrack.spi.ConnectionSlot;

/**
 * One guest's values, in arrays of its own beside the table, so that dropping this object drops every value.
 *
 * <p>Any thread reads and writes. Rows are added under this object's monitor and published by a volatile write. A value is
 * kept together with the id of its connection: a thread that sets one may be so slow that the entry has its next
 * connection meanwhile, which must neither see that value nor lose its own. So a value takes the place of none that is
 * younger, and a reader takes none that is another's. What is set while its connection goes is taken back by whoever
 * comes second: the remover raises the generation and then clears, the setter writes and then looks at the generation.
 */
final class SlotStorage<T> implements ConnectionSlot<T> {

    private static final int ROW_SHIFT = 11;
    private static final int ROW_MASK = (1 << ROW_SHIFT) - 1;

    private final ConnectionTable table;
    private final String name;
    private final Class<T> type;
    private volatile AtomicReferenceArray<Owned<T>>[][] rows;

    /** A value and whose it is. */
    private record Owned<T>(long id, T value) {
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    SlotStorage(final ConnectionTable table, final String name, final Class<T> type) {
        this.table = table;
        this.name = name;
        this.type = type;
        rows = new AtomicReferenceArray[table.kinds()][0];
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public T get(final long connectionId) {
        final int ref = table.liveRef(connectionId);
        final AtomicReferenceArray<Owned<T>> row = ref == 0 ? null : row(rows, ref);
        final Owned<T> owned = row == null ? null : row.get(column(ref));
        return owned == null || owned.id != connectionId || table.liveRef(connectionId) != ref ? null : owned.value;
    }

    @Override
    public boolean set(final long connectionId, final T value) {
        final int ref = table.liveRef(connectionId);
        if (ref == 0) {
            return false;
        }
        final AtomicReferenceArray<Owned<T>> row = value == null ? row(rows, ref) : makeRow(ref);
        if (row == null) {
            return true;
        }
        final Owned<T> fresh = value == null ? null : new Owned<>(connectionId, type.cast(value));
        Owned<T> before;
        do {
            before = row.get(column(ref));
            // Ids of one entry grow with every use of it.
            if (before != null && before.id > connectionId) {
                return false;
            }
        } while (!row.compareAndSet(column(ref), before, fresh));
        if (table.liveRef(connectionId) != ref) {
            row.compareAndSet(column(ref), fresh, null);
            return false;
        }
        return true;
    }

    /** Forgets the value of an entry. */
    void clear(final int ref) {
        final AtomicReferenceArray<Owned<T>> row = row(rows, ref);
        if (row != null && row.get(column(ref)) != null) {
            row.set(column(ref), null);
        }
    }

    @Override
    public void close() {
        table.removeStorage(this);
        synchronized (this) {
            rows = null;
        }
    }

    private static int column(final int ref) {
        return ref >>> ConnectionTable.KIND_BITS & ROW_MASK;
    }

    /** The row of an entry, null if there is none so far or the slot is closed. */
    private static <V> AtomicReferenceArray<V> row(final AtomicReferenceArray<V>[][] rows, final int ref) {
        if (rows == null) {
            return null;
        }
        final AtomicReferenceArray<V>[] ofKind = rows[ref & rows.length - 1];
        final int number = ref >>> ConnectionTable.KIND_BITS + ROW_SHIFT;
        return number < ofKind.length ? ofKind[number] : null;
    }

    private synchronized AtomicReferenceArray<Owned<T>> makeRow(final int ref) {
        if (rows == null) {
            throw new IllegalStateException("slot '" + name + "' is closed");
        }
        final int kind = ref & rows.length - 1;
        final int number = ref >>> ConnectionTable.KIND_BITS + ROW_SHIFT;
        if (number < rows[kind].length && rows[kind][number] != null) {
            return rows[kind][number];
        }
        final AtomicReferenceArray<Owned<T>>[][] more = rows.clone();
        more[kind] = Arrays.copyOf(more[kind], Math.max(more[kind].length, number + 1));
        more[kind][number] = new AtomicReferenceArray<>(ROW_MASK + 1);
        rows = more;
        return more[kind][number];
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.trackway.conntrack.spi.ConnectionSlot;

/**
 * One guest's values, in arrays of its own beside the table, so that dropping this object drops every value.
 *
 * <p>Any thread reads and writes. Rows are added under this object's monitor and published by a volatile write. A value
 * for a connection that goes at the same moment is taken back by whoever comes second: the remover raises the generation
 * and then clears, the setter writes and then looks at the generation again.
 */
final class SlotStorage<T> implements ConnectionSlot<T> {

    private static final int ROW_MASK = Slab.CHUNK_ENTRIES - 1;

    private final ConnectionTable table;
    private final String name;
    private final Class<T> type;
    private volatile AtomicReferenceArray<T>[][] rows;

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
        final AtomicReferenceArray<T> row = ref == 0 ? null : row(rows, ref);
        final T value = row == null ? null : row.get(column(ref));
        // The connection may have gone since, and the value may be a later one's.
        return value == null || table.liveRef(connectionId) != ref ? null : value;
    }

    @Override
    public boolean set(final long connectionId, final T value) {
        final int ref = table.liveRef(connectionId);
        if (ref == 0) {
            return false;
        }
        if (value == null) {
            clear(ref);
            return true;
        }
        final AtomicReferenceArray<T> row = makeRow(ref);
        row.set(column(ref), type.cast(value));
        if (table.liveRef(connectionId) != ref) {
            row.compareAndSet(column(ref), value, null);
            return false;
        }
        return true;
    }

    /** Forgets the value of an entry. */
    void clear(final int ref) {
        final AtomicReferenceArray<T>[][] present = rows;
        final AtomicReferenceArray<T> row = present == null ? null : row(present, ref);
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

    private static <T> AtomicReferenceArray<T> row(final AtomicReferenceArray<T>[][] rows, final int ref) {
        if (rows == null) {
            return null;
        }
        final AtomicReferenceArray<T>[] ofKind = rows[ref & rows.length - 1];
        final int number = ref >>> ConnectionTable.KIND_BITS + Slab.CHUNK_SHIFT;
        return number < ofKind.length ? ofKind[number] : null;
    }

    private synchronized AtomicReferenceArray<T> makeRow(final int ref) {
        if (rows == null) {
            throw new IllegalStateException("slot '" + name + "' is closed");
        }
        final int kind = ref & rows.length - 1;
        final int number = ref >>> ConnectionTable.KIND_BITS + Slab.CHUNK_SHIFT;
        if (number < rows[kind].length && rows[kind][number] != null) {
            return rows[kind][number];
        }
        final AtomicReferenceArray<T>[][] more = rows.clone();
        more[kind] = Arrays.copyOf(more[kind], Math.max(more[kind].length, number + 1));
        more[kind][number] = new AtomicReferenceArray<>(Slab.CHUNK_ENTRIES);
        rows = more;
        return more[kind][number];
    }
}

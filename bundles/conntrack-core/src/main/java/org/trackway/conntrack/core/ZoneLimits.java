// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.ZoneStatus;

/**
 * How many connections each zone may have (Open vSwitch lib/conntrack.c zone_limit_*). A zone that comes under a limit
 * gets a record that counts from zero; a connection remembers by the record's number that it was counted, so that it is
 * never counted out of a later record.
 *
 * <p>Packet threads admit and release without lock; settings change under this object's monitor. A tracker without limits
 * has no records at all.
 */
final class ZoneLimits {

    /** {@link #admit}: the zone is full. */
    static final int REFUSED = -1;
    /** {@link #admit}: admitted, and not counted. */
    static final int NOT_COUNTED = 0;

    private static final int ZONES = 65536;
    /** A record's limit that stands for the default. */
    private static final long DEFAULT = -1;

    private static final class Record {
        final int number;
        final AtomicLong count = new AtomicLong();
        volatile long limit;

        Record(final int number, final long limit) {
            this.number = number;
            this.limit = limit;
        }
    }

    private volatile AtomicReferenceArray<Record> records;
    private volatile long defaultLimit;
    /** Guarded by this. */
    private int lastNumber;

    /** {@return a number to {@link #release} with later, {@link #NOT_COUNTED} or {@link #REFUSED}} */
    int admit(final int zone) {
        final AtomicReferenceArray<Record> all = records;
        if (all == null) {
            return NOT_COUNTED;
        }
        Record record = all.get(zone);
        if (record == null) {
            if (defaultLimit == 0) {
                return NOT_COUNTED;
            }
            record = make(all, zone, DEFAULT);
        }
        final long limit = effective(record);
        long count = record.count.get();
        while (limit < 0 || count < limit) {
            if (record.count.compareAndSet(count, count + 1)) {
                return record.number;
            }
            count = record.count.get();
        }
        return REFUSED;
    }

    /** The limit that applies to a record; negative for none. */
    private long effective(final Record record) {
        // Each is read once: another thread may change it between two looks.
        final long own = record.limit;
        final long general = defaultLimit;
        return own != DEFAULT ? own : general == 0 ? -1 : general;
    }

    private synchronized Record make(final AtomicReferenceArray<Record> all, final int zone, final long limit) {
        Record record = all.get(zone);
        if (record == null) {
            lastNumber = (int) (lastNumber % Slab.ADMISSION_MASK) + 1;
            record = new Record(lastNumber, limit);
            all.set(zone, record);
        }
        return record;
    }

    /** Counts a connection out that was admitted with this number. */
    void release(final int zone, final int number) {
        final AtomicReferenceArray<Record> all = records;
        if (number != NOT_COUNTED && all != null) {
            final Record record = all.get(zone);
            if (record != null && record.number == number) {
                record.count.decrementAndGet();
            }
        }
    }

    /** Takes over limits; records that stay keep their counts. */
    synchronized void apply(final ConntrackSettings settings) {
        defaultLimit = settings.defaultZoneLimit();
        if (records == null) {
            if (settings.zoneLimits().isEmpty() && defaultLimit == 0) {
                return;
            }
            records = new AtomicReferenceArray<>(ZONES);
        }
        final AtomicReferenceArray<Record> all = records;
        for (int zone = 0; zone < ZONES; zone++) {
            final Long limit = settings.zoneLimits().get(zone);
            final Record record = all.get(zone);
            if (limit != null) {
                make(all, zone, limit).limit = limit;
            } else if (record != null) {
                record.limit = DEFAULT;
                if (defaultLimit == 0) {
                    all.set(zone, null);
                }
            }
        }
    }

    List<ZoneStatus> status(final OptionalInt zone) {
        final AtomicReferenceArray<Record> all = records;
        final List<ZoneStatus> list = new ArrayList<>();
        if (zone.isPresent()) {
            final Record record = all == null ? null : all.get(zone.getAsInt());
            list.add(status(zone.getAsInt(), record));
        } else if (all != null) {
            for (int number = 0; number < ZONES; number++) {
                final Record record = all.get(number);
                if (record != null && record.limit != DEFAULT) {
                    list.add(status(number, record));
                }
            }
        }
        return list;
    }

    private ZoneStatus status(final int zone, final Record record) {
        return record == null ? new ZoneStatus(zone, defaultLimit, false, 0)
            : new ZoneStatus(zone, record.limit == DEFAULT ? defaultLimit : record.limit, record.limit != DEFAULT,
                record.count.get());
    }
}

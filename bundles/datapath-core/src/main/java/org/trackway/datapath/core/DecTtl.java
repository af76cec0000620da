// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Lowers TTL or hop limit by one: {@code dec_ttl}. A packet that has none left takes no more actions of its list. */
final class DecTtl extends Action {

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        final long ttl = Fields.NW_TTL.read(frame.key);
        if (ttl <= 1) {
            pipeline.endsEarly();
            return Next.RETURN;
        }
        Fields.NW_TTL.write(frame.key, ttl - 1);
        pipeline.write(frame, Fields.NW_TTL);
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        return "dec_ttl";
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Goes on in a later table: {@code goto_table:N}, always the last action. */
final class GotoTable extends Action {

    final int table;

    GotoTable(final int table) {
        this.table = table;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        pipeline.jump(frame, table);
        return Next.CALL;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        return "goto_table:" + table;
    }
}

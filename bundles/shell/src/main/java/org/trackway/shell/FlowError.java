// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.trackway.datapath.FlowException;

/** Shows where in a flow the mistake is. */
final class FlowError {

    private static final int CONTEXT = 60;

    private FlowError() {
    }

    /** {@return the message, and on a terminal below it the part of the flow where the mistake is, with a mark} */
    static String explain(final Console console, final String flow, final FlowException mistake) {
        if (!console.terminal() || mistake.column() < 1 || mistake.column() > flow.length() + 1) {
            return mistake.getMessage();
        }
        final int start = Math.max(0, mistake.column() - 1 - CONTEXT / 2);
        final int end = Math.min(flow.length(), start + CONTEXT);
        final String before = start > 0 ? "..." : "";
        return mistake.getMessage() + "\n  " + before + flow.substring(start, end) + (end < flow.length() ? "..." : "")
            + "\n  " + " ".repeat(before.length() + mistake.column() - 1 - start) + "^";
    }
}

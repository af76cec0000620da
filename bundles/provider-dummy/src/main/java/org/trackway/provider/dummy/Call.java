// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** What can be made to go wrong: the operations of a provider, by the names of its methods. */
enum Call {
    CAN_OFFLOAD("canOffload"),
    ADD("add"),
    ESTABLISHED("established"),
    UPDATE("update"),
    DELETE("delete"),
    FORWARD("forward"),
    ACTIVITY("activity"),
    WITHDRAW("withdraw"),
    FLUSH("flush"),
    HOLDINGS("holdings");

    private final String method;

    Call(final String method) {
        this.method = method;
    }

    @Override
    public String toString() {
        return method;
    }

    /**
     * {@return the operations that a list names}
     *
     * @param text names separated by commas, or {@code all}
     * @throws IllegalArgumentException naming what is none
     */
    static Set<Call> parse(final String text) {
        final Set<Call> calls = EnumSet.noneOf(Call.class);
        for (final String item : text.split(",")) {
            final String name = item.trim();
            if (name.equals("all")) {
                calls.addAll(EnumSet.allOf(Call.class));
            } else if (!name.isEmpty()) {
                calls.add(Arrays.stream(values()).filter(call -> call.method.equals(name)).findAny()
                    .orElseThrow(() -> new IllegalArgumentException("'" + name + "' is no operation: give all or "
                        + Arrays.stream(values()).map(Call::toString).collect(Collectors.joining(", ")))));
            }
        }
        return calls;
    }
}

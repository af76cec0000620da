// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where Trackway deliberately answers differently, and what its answer is: {@code differences.txt}. The file changes
 * the golden text, so that afterwards ours must equal it to the last character; a change that does not fit the golden
 * text, or that ours does not make, fails.
 */
final class Differences {

    private static final Pattern HEAD = Pattern.compile("== (\\S+) (.+)");
    private static final Pattern EDIT = Pattern.compile("~ (\\d+) @(\\d+) ([0-9a-f]*) -> ([0-9a-f]*)(?: .*)?");

    /** What changes in one part of one case. */
    private record Change(List<String> operations, StringBuilder reason) {
    }

    private final Map<String, Change> changes = new HashMap<>();

    private Differences() {
    }

    /** {@return the list as kept with these tests} */
    static Differences load() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Differences.class.getResourceAsStream("differences.txt"), StandardCharsets.UTF_8))) {
            return parse(reader.lines().toList());
        }
    }

    static Differences parse(final List<String> lines) {
        final Differences differences = new Differences();
        Change change = null;
        for (final String line : lines) {
            final Matcher head = HEAD.matcher(line);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (head.matches()) {
                change = new Change(new ArrayList<>(), new StringBuilder());
                if (differences.changes.put(head.group(1) + ' ' + head.group(2), change) != null) {
                    throw new IllegalArgumentException("twice in the list: " + line);
                }
            } else if (change == null) {
                throw new IllegalArgumentException("before any case: " + line);
            } else if (line.startsWith("- ") || line.startsWith("+ ") || line.startsWith("~ ")) {
                if (change.reason.isEmpty()) {
                    throw new IllegalArgumentException("a difference without a reason: " + line);
                }
                change.operations.add(line);
            } else {
                change.reason.append(line).append(' ');
            }
        }
        return differences;
    }

    /**
     * {@return the answer that Trackway has to give}
     *
     * @param name   the case
     * @param part   the part of its answers
     * @param golden the peer's answer; lines of packets that left are their number, a port and their bytes
     */
    List<String> apply(final String name, final String part, final List<String> golden) {
        final Change change = changes.get(name + ' ' + part);
        if (change == null) {
            return golden;
        }
        final List<String> right = new ArrayList<>(golden);
        int at = right.size();
        for (final String operation : change.operations) {
            final String text = operation.substring(2);
            switch (operation.charAt(0)) {
                case '-' -> {
                    at = right.indexOf(text);
                    if (at < 0) {
                        throw stale(name, part, operation);
                    }
                    right.remove(at);
                }
                case '+' -> right.add(at++, text);
                default -> edit(right, operation, stale(name, part, operation));
            }
        }
        return right;
    }

    /** Replaces bytes of a packet that left. */
    private static void edit(final List<String> right, final String operation, final AssertionError stale) {
        final Matcher edit = EDIT.matcher(operation);
        if (!edit.matches()) {
            throw new IllegalArgumentException("not a change of bytes: " + operation);
        }
        final int number = Integer.parseInt(edit.group(1)) - 1;
        if (number >= right.size()) {
            throw stale;
        }
        final String line = right.get(number);
        final int from = line.lastIndexOf(' ') + 1 + 2 * Integer.parseInt(edit.group(2));
        if (!line.startsWith(edit.group(3), from)) {
            throw stale;
        }
        right.set(number, line.substring(0, from) + edit.group(4) + line.substring(from + edit.group(3).length()));
    }

    private static AssertionError stale(final String name, final String part, final String operation) {
        return new AssertionError("differences.txt, " + name + ' ' + part + ": not in the golden: " + operation);
    }
}

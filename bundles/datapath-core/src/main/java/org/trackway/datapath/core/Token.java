// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import org.trackway.datapath.FlowException;

/**
 * A piece of a line of text that remembers where it stood, so that errors can say so.
 *
 * @param text   the piece
 * @param column where it starts in the line, from 1
 */
record Token(String text, int column) {

    Token sub(final int from) {
        return sub(from, text.length());
    }

    Token sub(final int from, final int to) {
        return new Token(text.substring(from, to), column + from);
    }

    Token trim() {
        int from = 0;
        int to = text.length();
        while (from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return sub(from, to);
    }

    boolean is(final String other) {
        return text.equals(other);
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    /** {@return the error that this piece makes} */
    FlowException error(final String problem) {
        return new FlowException(0, column, text, problem);
    }

    /** Splits at commas and white space, except between parentheses. Empty pieces are left out. */
    List<Token> split() {
        final List<Token> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        int opened = 0;
        for (int i = 0; i <= text.length(); i++) {
            final char c = i == text.length() ? ',' : text.charAt(i);
            if (c == '(') {
                opened = depth++ == 0 ? i : opened;
            } else if (c == ')' && --depth < 0) {
                throw sub(i, i + 1).error("there is no '(' before it");
            } else if (c == ',' || isSpace(c)) {
                if (depth > 0 && i == text.length()) {
                    throw sub(opened).error("a ')' is missing");
                }
                if (depth == 0) {
                    if (i > start) {
                        parts.add(sub(start, i));
                    }
                    start = i + 1;
                }
            }
        }
        return parts;
    }

    /** {@return the part before the first of these characters, or all of it} */
    Token until(final String stops) {
        for (int i = 0; i < text.length(); i++) {
            if (stops.indexOf(text.charAt(i)) >= 0) {
                return sub(0, i);
            }
        }
        return this;
    }

    static boolean isSpace(final char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }
}

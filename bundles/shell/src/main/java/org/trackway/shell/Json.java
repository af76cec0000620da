// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Map;

/** Writes maps, lists, texts, numbers, truths and null as JSON (RFC 8259) on one line. */
final class Json {

    private Json() {
    }

    /** {@return the value as JSON} */
    static String write(final Object value) {
        final StringBuilder text = new StringBuilder();
        append(text, value);
        return text.toString();
    }

    private static void append(final StringBuilder text, final Object value) {
        if (value instanceof Map<?, ?> map) {
            String separator = "{";
            for (final Map.Entry<?, ?> entry : map.entrySet()) {
                text.append(separator);
                quote(text, entry.getKey().toString());
                text.append(':');
                append(text, entry.getValue());
                separator = ",";
            }
            text.append(map.isEmpty() ? "{}" : "}");
        } else if (value instanceof Iterable<?> list) {
            String separator = "[";
            for (final Object item : list) {
                text.append(separator);
                append(text, item);
                separator = ",";
            }
            text.append(separator.equals("[") ? "[]" : "]");
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else {
            quote(text, value.toString());
        }
    }

    private static void quote(final StringBuilder text, final String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            final char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> text.append(c < ' ' ? String.format("\\u%04x", (int) c) : c);
            }
        }
        text.append('"');
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.lang.reflect.Field;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.apache.karaf.shell.api.action.Option;

/**
 * Takes the options out of the words that follow the first word that is no option, as every other tool does; Karaf
 * itself reads options in front of it only. Also gives back the word that Karaf took for the value of an option which
 * has an {@link OptionalValue}.
 */
final class Operands {

    private Operands() {
    }

    /**
     * Sets the options that are among the words.
     *
     * @param command what has the options, as fields of type boolean, String or List of String
     * @param words   what Karaf has left over; may be null
     * @return the words that are no options
     * @throws IllegalArgumentException if an option is unknown or lacks its value
     */
    static List<String> of(final Object command, final List<String> words) {
        final Deque<String> rest = new ArrayDeque<>(words == null ? List.of() : words);
        final List<Field> fields = fields(command.getClass());
        for (final Field field : fields) {
            final OptionalValue values = field.getAnnotation(OptionalValue.class);
            final Object given = get(field, command);
            if (values != null && given != null && !Arrays.asList(values.value()).contains(given)) {
                rest.push(given.toString());
                set(field, command, values.value()[0]);
            }
        }
        final List<String> operands = new ArrayList<>();
        while (!rest.isEmpty()) {
            final String word = rest.remove();
            if (word.length() < 2 || word.charAt(0) != '-') {
                operands.add(word);
            } else {
                option(command, fields, word, rest);
            }
        }
        return operands;
    }

    private static void option(final Object command, final List<Field> fields, final String word,
            final Deque<String> rest) {
        final int equals = word.indexOf('=');
        final String name = equals < 0 ? word : word.substring(0, equals);
        final Field field = fields.stream().filter(candidate -> isCalled(candidate, name)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("unknown option " + name + ": --help lists them"));
        final OptionalValue values = field.getAnnotation(OptionalValue.class);
        if (field.getType() == boolean.class) {
            set(field, command, equals < 0 || Numbers.onOff(name, word.substring(equals + 1)));
        } else if (equals >= 0) {
            add(field, command, word.substring(equals + 1));
        } else if (values != null) {
            set(field, command, values.value()[0]);
        } else if (rest.isEmpty()) {
            throw new IllegalArgumentException("option " + name + " needs a value");
        } else {
            add(field, command, rest.remove());
        }
    }

    private static boolean isCalled(final Field field, final String name) {
        final Option option = field.getAnnotation(Option.class);
        return option.name().equals(name) || Arrays.asList(option.aliases()).contains(name);
    }

    private static List<Field> fields(final Class<?> command) {
        final List<Field> fields = new ArrayList<>();
        for (Class<?> type = command; type != Object.class; type = type.getSuperclass()) {
            for (final Field field : type.getDeclaredFields()) {
                if (field.isAnnotationPresent(Option.class)) {
                    fields.add(field);
                }
            }
        }
        return fields;
    }

    private static void add(final Field field, final Object command, final String value) {
        if (field.getType() != List.class) {
            set(field, command, value);
            return;
        }
        final List<String> values = new ArrayList<>();
        if (get(field, command) instanceof List<?> given) {
            given.forEach(item -> values.add(item.toString()));
        }
        values.add(value);
        set(field, command, values);
    }

    private static Object get(final Field field, final Object command) {
        try {
            return field.get(command);
        } catch (final IllegalAccessException e) {
            throw new IllegalStateException(field + " of a command is not of this package", e);
        }
    }

    private static void set(final Field field, final Object command, final Object value) {
        try {
            field.set(command, value);
        } catch (final IllegalAccessException e) {
            throw new IllegalStateException(field + " of a command is not of this package", e);
        }
    }
}

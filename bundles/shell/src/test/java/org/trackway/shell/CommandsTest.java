// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What every command must have. */
class CommandsTest {

    /** Columns that a line of help has on a terminal of 80, after Karaf's indentation. */
    private static final int HELP_WIDTH = 72;

    private static List<Class<?>> commands() throws IOException, URISyntaxException {
        final List<Class<?>> commands = new ArrayList<>();
        final Path folder = Path.of(ListCommand.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("org/trackway/shell");
        try (Stream<Path> files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".class")).sorted()
                .forEach(name -> {
                    try {
                        final Class<?> type = Class.forName("org.trackway.shell." + name.substring(0,
                            name.length() - 6));
                        if (Action.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())) {
                            commands.add(type);
                        }
                    } catch (final ClassNotFoundException e) {
                        throw new IllegalStateException(e);
                    }
                });
        }
        return commands;
    }

    @Test
    void theCommandsAreThese() throws Exception {
        final List<String> names = commands().stream().map(type -> type.getAnnotation(Command.class))
            .map(command -> command.scope() + ":" + command.name()).sorted().toList();

        assertThat(names).doesNotHaveDuplicates().containsExactly("conntrack:count", "conntrack:events",
            "conntrack:expectations", "conntrack:flush", "conntrack:fragments", "conntrack:limits", "conntrack:list",
            "conntrack:show", "conntrack:stats", "conntrack:tables", "conntrack:timeouts", "conntrack:zones",
            "datapath:flow-add", "datapath:flow-load", "datapath:flow-remove", "datapath:flows", "datapath:port-add",
            "datapath:port-remove", "datapath:ports", "datapath:replay", "offload:disable", "offload:drain",
            "offload:enable", "offload:flush", "offload:list", "offload:providers", "offload:resume",
            "offload:settings", "offload:show", "offload:verify", "offload:why");
    }

    @TestFactory
    List<DynamicTest> helpIsComplete() throws Exception {
        return commands().stream().map(type -> DynamicTest.dynamicTest(type.getSimpleName(), () -> checkHelp(type)))
            .toList();
    }

    private static void checkHelp(final Class<?> type) {
        final Command command = type.getAnnotation(Command.class);
        assertThat(type).hasAnnotation(Service.class).isPublic().isFinal();
        assertThat(command.description()).endsWith(".").doesNotContain("\n");
        assertThat(command.detailedDescription()).contains("Examples:\n  " + command.scope() + ":" + command.name());
        assertThat(command.detailedDescription().lines().filter(line -> line.startsWith("  ")))
            .as("examples that Karaf need not wrap").allMatch(line -> line.length() <= HELP_WIDTH);
        final Set<String> names = new HashSet<>();
        for (Class<?> part = type; part != Object.class; part = part.getSuperclass()) {
            for (final Field field : part.getDeclaredFields()) {
                final Option option = field.getAnnotation(Option.class);
                if (option != null) {
                    assertThat(names.add(option.name())).as(option.name() + " is there once").isTrue();
                    assertThat(option.description()).as(option.name()).isNotBlank();
                }
                final Argument argument = field.getAnnotation(Argument.class);
                if (argument != null) {
                    assertThat(argument.description()).as(argument.name()).isNotBlank();
                }
            }
        }
    }
}

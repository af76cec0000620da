// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.Arrays;
import java.util.List;
import javax.security.auth.Subject;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.apache.karaf.jaas.boot.principal.UserPrincipal;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;

/** Someone at the prompt: runs commands with the roles that he has, and reads what they print. */
final class Shell {

    private final SessionFactory sessions;
    private final String[] roles;

    private Shell(final SessionFactory sessions, final String... roles) {
        this.sessions = sessions;
        this.roles = roles;
    }

    static Shell admin(final SessionFactory sessions) {
        return new Shell(sessions, "admin", "manager", "viewer", "systembundles", "ssh");
    }

    static Shell manager(final SessionFactory sessions) {
        return new Shell(sessions, "manager", "ssh");
    }

    static Shell viewer(final SessionFactory sessions) {
        return new Shell(sessions, "viewer", "ssh");
    }

    /** {@return what a command printed, colours removed} */
    String run(final String command) throws Exception {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        as(() -> {
            final Session session = sessions.create(new ByteArrayInputStream(new byte[0]), out, out);
            try {
                session.put(Session.SCOPE, "shell:feature:bundle:*");
                session.put(Session.SUBSHELL, "");
                final Object result = session.execute(command);
                if (result != null) {
                    out.println(result);
                }
            } finally {
                session.close();
            }
            return null;
        });
        return bytes.toString(StandardCharsets.UTF_8).replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "");
    }

    /** {@return the one-line message that a command failed with} */
    String fails(final String command) throws Exception {
        final String printed;
        try {
            printed = run(command);
        } catch (final Exception expected) {
            return String.valueOf(expected.getMessage());
        }
        throw new AssertionError(command + " did not fail but printed: " + printed);
    }

    /** {@return the names of the commands of a scope that he may run, sorted} */
    List<String> commands(final String scope) {
        try {
            return as(() -> sessions.getRegistry().getCommands().stream()
                .filter(command -> command.getScope().equals(scope))
                .map(Command::getName)
                .distinct().sorted().toList());
        } catch (final Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    private <T> T as(final PrivilegedExceptionAction<T> action) throws Exception {
        final Subject subject = new Subject();
        subject.getPrincipals().add(new UserPrincipal("tester"));
        Arrays.stream(roles).map(RolePrincipal::new).forEach(subject.getPrincipals()::add);
        try {
            return Subject.doAs(subject, action);
        } catch (final PrivilegedActionException wrapper) {
            throw wrapper.getException();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** ACCEPTANCE.md names every test of this package, and none that is not there. */
class AcceptanceListTest {

    private static final Pattern NAME = Pattern.compile("(\\w+AcceptanceTest)\\.(\\w+)");

    @Test
    void namesEveryTestAndNoOther() throws IOException {
        final Set<String> named = new TreeSet<>();
        final Matcher matcher = NAME.matcher(Files.readString(Path.of("itests/oracle/ACCEPTANCE.md")));
        while (matcher.find()) {
            named.add(matcher.group());
        }
        final Set<String> tests = new TreeSet<>();
        for (final Class<?> one : new Class<?>[] {OfprotoDpifAcceptanceTest.class, BasicTrackingAcceptanceTest.class,
            ManagementAcceptanceTest.class, IcmpRelatedAcceptanceTest.class, FragmentAcceptanceTest.class,
            NatAcceptanceTest.class, FtpTftpAcceptanceTest.class, FlowLanguageAcceptanceTest.class}) {
            Stream.of(one.getDeclaredMethods()).filter(AcceptanceListTest::isTest)
                .forEach(method -> tests.add(one.getSimpleName() + '.' + method.getName()));
        }
        assertThat(named).isEqualTo(tests);
    }

    private static boolean isTest(final Method method) {
        return method.isAnnotationPresent(Test.class) || method.isAnnotationPresent(ParameterizedTest.class);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs that make load are what their sources say. */
class LoadProgramTest {

    @ParameterizedTest
    @ValueSource(strings = {"generate", "bare", "sink"})
    void sourceAndObjectAgree(final String name, @TempDir final Path folder) throws Exception {
        final boolean there = Files.isExecutable(Path.of("/usr/bin/clang-14"));
        if (!there && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("needs clang-14");
        }
        Assumptions.assumeTrue(there, "needs clang-14");
        final Path made = folder.resolve("made.o");
        final Process compiler = new ProcessBuilder("../../bundles/provider-xdp/src/main/bpf/compile.sh",
            "src/test/bpf/" + name + ".c", made.toString()).inheritIO().start();
        assertThat(compiler.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(compiler.exitValue()).isZero();
        try (InputStream committed = LoadProgram.class.getResourceAsStream(name + ".o")) {
            assertThat(ObjectFile.parse(Files.readAllBytes(made)))
                .usingRecursiveComparison().isEqualTo(ObjectFile.parse(committed.readAllBytes()));
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compiled program: that it is what its source says, and that it is read right. */
class ObjectFileTest {

    private static final Map<String, Integer> MAPS = Map.of("paths", 11, "counts", 12, "limits", 13, "devices", 14);

    private static byte[] bytes() throws IOException {
        try (InputStream file = ObjectFileTest.class.getResourceAsStream("forward.o")) {
            return file.readAllBytes();
        }
    }

    @Test
    void itSaysWhichMapsItWants() throws IOException {
        final ObjectFile object = ForwardProgram.object();
        assertThat(object.maps()).containsOnly(
            Map.entry("paths", new ObjectFile.MapDefinition(1, PathKey.SIZE, PathAction.SIZE, 1, 0)),
            Map.entry("counts", new ObjectFile.MapDefinition(2, 4, 32, 1, 1 << 10)),
            Map.entry("limits", new ObjectFile.MapDefinition(2, 4, 4, ForwardProgram.MAX_PORTS, 0)),
            Map.entry("devices", new ObjectFile.MapDefinition(14, 4, 4, ForwardProgram.MAX_PORTS, 0)));
        assertThat(object.license()).isEqualTo("Apache-2.0");
    }

    @Test
    void valuesAreWhereTheCodeWantsThem() throws IOException {
        final ObjectFile object = ForwardProgram.object();
        final ByteBuffer linked = ByteBuffer.wrap(object.link(MAPS, Map.of("port_number", 77)))
            .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(object.references()).extracting(ObjectFile.Reference::symbol)
            .contains("port_number", "paths", "counts", "limits", "devices");
        for (final ObjectFile.Reference reference : object.references()) {
            assertThat(linked.get(reference.offset())).isEqualTo((byte) 0x18);
            final boolean map = MAPS.containsKey(reference.symbol());
            assertThat(linked.get(reference.offset() + 1) >> 4).isEqualTo(map ? 1 : 0);
            assertThat(linked.getInt(reference.offset() + 4)).isEqualTo(map ? MAPS.get(reference.symbol()) : 77);
        }
        assertThatThrownBy(() -> object.link(MAPS, Map.of())).isInstanceOf(IOException.class)
            .hasMessage("the BPF object wants 'port_number'");
    }

    @Property(tries = 500)
    void whatIsDamagedIsRefusedInOneLine(@ForAll @IntRange(max = 7_700) final int at, @ForAll final byte value,
            @ForAll @IntRange(max = 8_000) final int length) throws IOException {
        final byte[] whole = bytes();
        final byte[] damaged = Arrays.copyOf(whole, Math.min(whole.length, length));
        if (at < damaged.length) {
            damaged[at] = value;
        }
        try {
            ObjectFile.parse(damaged);
        } catch (final IOException refused) {
            assertThat(refused).hasMessageContaining("BPF object");
        }
    }

    /** Made again by the compiler that it was made by. */
    @Test
    void sourceAndObjectAgree(@TempDir final Path folder) throws Exception {
        final boolean there = Files.isExecutable(Path.of("/usr/bin/clang-14"));
        if (!there && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("needs clang-14");
        }
        Assumptions.assumeTrue(there, "needs clang-14");
        final Path made = folder.resolve("forward.o");
        final Process compiler = new ProcessBuilder("src/main/bpf/compile.sh", "src/main/bpf/forward.c",
            made.toString()).inheritIO().start();
        assertThat(compiler.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(compiler.exitValue()).isZero();
        final ObjectFile again = ObjectFile.parse(Files.readAllBytes(made));
        final ObjectFile committed = ForwardProgram.object();
        assertThat(again.code()).as("instructions; compile.sh makes the object anew").isEqualTo(committed.code());
        assertThat(again.maps()).isEqualTo(committed.maps());
        assertThat(again.references()).isEqualTo(committed.references());
        assertThat(again.license()).isEqualTo(committed.license());
    }
}

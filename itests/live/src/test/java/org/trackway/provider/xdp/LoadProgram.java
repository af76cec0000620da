// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/** A program of {@code src/test/bpf}, loaded: it makes load, passes it on or counts it. */
public final class LoadProgram implements AutoCloseable {

    private static final int PAGE = 4096;

    private final Bpf bpf = new Bpf();
    private final Map<String, Integer> maps = new HashMap<>();
    private final int program;
    private final NativeMemory count;
    private int link = -1;

    /** Loads it; numbers are those that it wants to know. */
    public LoadProgram(final String name, final Map<String, Integer> numbers) throws IOException {
        LibC.register();
        final ObjectFile object;
        try (InputStream file = LoadProgram.class.getResourceAsStream(name + ".o")) {
            object = ObjectFile.parse(file.readAllBytes());
        }
        for (final Map.Entry<String, ObjectFile.MapDefinition> map : object.maps().entrySet()) {
            maps.put(map.getKey(), bpf.createMap(map.getKey(), map.getValue()));
        }
        count = maps.containsKey("counts")
            ? NativeMemory.mapped(
                LibC.mmap(0, PAGE, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, maps.get("counts"), 0), PAGE)
            : null;
        program = bpf.load(name, object.link(maps, numbers), object.license());
    }

    /** Has it send to an interface. */
    public LoadProgram sendTo(final String namespace, final int interfaceIndex) throws IOException {
        NetworkNamespace.run(namespace, () -> bpf.set(maps.get("devices"), 0, interfaceIndex));
        return this;
    }

    /** Attaches it in the driver. */
    public LoadProgram attach(final String namespace, final int interfaceIndex) throws IOException {
        NetworkNamespace.run(namespace, () -> link = bpf.attach(program, interfaceIndex, Bpf.NATIVE));
        return this;
    }

    /** Runs it on so many copies of a frame of 64 bytes, which really go where it sends them. */
    public void run(final byte[] frame, final int copies) {
        count.buffer().put(Long.BYTES, frame);
        TestRun.live(program, frame, copies);
    }

    /** {@return how many frames it has counted} */
    public long count() {
        return count.buffer().getLong(0);
    }

    @Override
    public void close() {
        if (link >= 0) {
            LibC.close(link);
        }
        LibC.close(program);
        if (count != null) {
            LibC.munmap(count.address(), PAGE);
        }
        maps.values().forEach(LibC::close);
    }
}

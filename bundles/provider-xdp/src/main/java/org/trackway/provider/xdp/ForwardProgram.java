// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * The program of forward.c with its maps, as long as it is open. Guarded by the provider that made it; only what works
 * in another network namespace is called by a thread that the provider waits for.
 */
final class ForwardProgram {

    /** Ports are numbered below this. */
    static final int MAX_PORTS = 256;

    private static final String OBJECT = "forward.o";
    private static final int COUNT = 32;

    private final Bpf bpf = new Bpf();
    private final ObjectFile object;
    private final Map<String, Integer> maps = new HashMap<>();
    private final NativeMemory time = NativeMemory.allocate(16);
    private final int capacity;
    private final NativeMemory counts;
    private final long countsSize;

    /**
     * Makes the maps.
     *
     * @param capacity paths that there is room for
     * @throws IOException in one line, what is missing
     */
    ForwardProgram(final int capacity) throws IOException {
        this.capacity = capacity;
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new IOException("the BPF object is for little endian machines");
        }
        object = object();
        try {
            for (final Map.Entry<String, ObjectFile.MapDefinition> map : object.maps().entrySet()) {
                final boolean grows = map.getKey().equals("paths") || map.getKey().equals("counts");
                maps.put(map.getKey(), bpf.createMap(map.getKey(),
                    grows ? map.getValue().withEntries(capacity) : map.getValue()));
            }
            countsSize = ((long) capacity * COUNT + 4095) / 4096 * 4096;
            final long address = LibC.mmap(0, countsSize, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, maps.get("counts"), 0);
            if (address == -1) {
                throw new IOException("mapping counters failed: " + LibC.strerror(Native.getLastError()));
            }
            counts = NativeMemory.mapped(address, (int) countsSize);
        } catch (final IOException | RuntimeException e) {
            maps.values().forEach(LibC::close);
            throw e;
        }
    }

    /** {@return the object that lies in the bundle} */
    static ObjectFile object() throws IOException {
        try (InputStream file = ForwardProgram.class.getResourceAsStream(OBJECT)) {
            return ObjectFile.parse(file.readAllBytes());
        }
    }

    /** {@return the program of a port, loaded; the caller closes it} */
    int load(final int port) throws IOException {
        return bpf.load("trackway", object.link(maps, Map.of("port_number", port)), object.license());
    }

    /** Attaches a program in the calling thread's network namespace. {@return the link; the caller closes it} */
    int attach(final int program, final int interfaceIndex, final int mode) throws IOException {
        return bpf.attach(program, interfaceIndex, mode);
    }

    /** Makes an interface of the calling thread's network namespace the one that a port's packets leave by. */
    void device(final int port, final int interfaceIndex) throws IOException {
        bpf.set(maps.get("devices"), port, interfaceIndex);
    }

    /** Lets nothing leave by a port. */
    void noDevice(final int port) throws IOException {
        bpf.remove(maps.get("devices"), port);
    }

    /** Sets the longest IP packet that leaves by a port. */
    void limit(final int port, final int bytes) throws IOException {
        bpf.set(maps.get("limits"), port, bytes);
    }

    /** Adds or replaces paths, in order, until one fails. */
    Bpf.Done add(final NativeMemory keys, final int from, final NativeMemory values, final int count) {
        return bpf.update(maps.get("paths"), keys.address() + (long) from * PathKey.SIZE,
            values.address() + (long) from * PathAction.SIZE, count);
    }

    /** Removes paths, in order, until one fails. */
    Bpf.Done remove(final NativeMemory keys, final int from, final int count) {
        return bpf.delete(maps.get("paths"), keys.address() + (long) from * PathKey.SIZE, count);
    }

    int capacity() {
        return capacity;
    }

    /** {@return the kernel's monotonic clock, which the program notes, in nanoseconds} */
    long now() {
        LibC.clock_gettime(LibC.CLOCK_MONOTONIC, time.address());
        return time.buffer().getLong(0) * 1_000_000_000 + time.buffer().getLong(8);
    }

    /** Starts to count anew. */
    void resetCount(final int slot, final long now) {
        final int at = slot * COUNT;
        counts.buffer().putLong(at, 0).putLong(at + 8, 0).putLong(at + 16, now);
    }

    long packets(final int slot) {
        return counts.buffer().getLong(slot * COUNT);
    }

    long bytes(final int slot) {
        return counts.buffer().getLong(slot * COUNT + 8);
    }

    long seen(final int slot) {
        return counts.buffer().getLong(slot * COUNT + 16);
    }

    /** Gives everything back. Nothing may be called afterwards. */
    void close() {
        LibC.munmap(counts.address(), countsSize);
        maps.values().forEach(LibC::close);
    }
}

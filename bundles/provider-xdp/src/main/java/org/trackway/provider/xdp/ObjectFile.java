// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A compiled BPF program: what is needed of its ELF file (System V ABI, chapters 4 and 5; the kernel's
 * Documentation/bpf/llvm_reloc.rst). Immutable.
 *
 * @param code       instructions of the program in section {@code xdp}, eight bytes each
 * @param maps       what is in section {@code maps}, by name, in the order of the file
 * @param references where the code names maps and numbers, in the order of the code
 * @param license    what the program says it may be used under
 */
record ObjectFile(byte[] code, Map<String, MapDefinition> maps, List<Reference> references, String license) {

    /** A map as the program wants it: numbers of {@code bpf_attr}, sizes in bytes. */
    record MapDefinition(int type, int keySize, int valueSize, int entries, int flags) {

        MapDefinition withEntries(final int number) {
            return new MapDefinition(type, keySize, valueSize, number, flags);
        }
    }

    /** A wide load at an offset of the code whose value the loader puts in. */
    record Reference(int offset, String symbol) {
    }

    private static final int MACHINE_BPF = 247;
    private static final int R_BPF_64_64 = 1;
    private static final int SECTION_SIZE = 64;
    private static final int SYMBOL_SIZE = 24;
    private static final int RELOCATION_SIZE = 16;
    private static final int MAP_SIZE = 20;
    private static final int WIDE_LOAD = 0x18;

    /**
     * Reads a file.
     *
     * @throws IOException in one line, why these bytes are no such file
     */
    static ObjectFile parse(final byte[] bytes) throws IOException {
        try {
            return read(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        } catch (final IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException cut) {
            throw new IOException("the BPF object is damaged", cut);
        }
    }

    private static ObjectFile read(final ByteBuffer file) throws IOException {
        // "\177ELF", 64 bits, little endian.
        if (file.getInt(0) != 0x464c457f || file.getShort(4) != 0x0102 || file.getShort(18) != MACHINE_BPF) {
            throw new IOException("this is no BPF object");
        }
        final ByteBuffer[] sections = new ByteBuffer[file.getShort(60) & 0xffff];
        final int[] names = new int[sections.length];
        final long table = file.getLong(40);
        for (int i = 0; i < sections.length; i++) {
            final int at = Math.toIntExact(table + (long) i * SECTION_SIZE);
            names[i] = file.getInt(at);
            sections[i] = slice(file, file.getLong(at + 24), file.getLong(at + 32));
        }
        final ByteBuffer nameTable = sections[file.getShort(62) & 0xffff];
        final Map<String, ByteBuffer> byName = new LinkedHashMap<>();
        for (int i = 1; i < sections.length; i++) {
            byName.put(text(nameTable, names[i]), sections[i]);
        }
        for (final String needed : List.of("xdp", ".relxdp", "maps", "license", ".symtab", ".strtab")) {
            if (!byName.containsKey(needed)) {
                throw new IOException("the BPF object has no section " + needed);
            }
        }
        final byte[] code = bytes(byName.get("xdp"));
        final ByteBuffer symbols = byName.get(".symtab");
        final ByteBuffer strings = byName.get(".strtab");
        final ByteBuffer definitions = byName.get("maps");
        final int mapSection = Arrays.asList(sections).indexOf(definitions);
        final String[] inOrder = new String[definitions.limit() / MAP_SIZE];
        for (int at = 0; at < symbols.limit(); at += SYMBOL_SIZE) {
            if (symbols.getShort(at + 6) == mapSection) {
                inOrder[Math.toIntExact(symbols.getLong(at + 8)) / MAP_SIZE] = text(strings, symbols.getInt(at));
            }
        }
        final Map<String, MapDefinition> maps = new LinkedHashMap<>();
        for (int i = 0; i < inOrder.length; i++) {
            final int at = i * MAP_SIZE;
            maps.put(inOrder[i], new MapDefinition(definitions.getInt(at), definitions.getInt(at + 4),
                definitions.getInt(at + 8), definitions.getInt(at + 12), definitions.getInt(at + 16)));
        }
        final List<Reference> references = new ArrayList<>();
        final ByteBuffer relocations = byName.get(".relxdp");
        for (int at = 0; at < relocations.limit(); at += RELOCATION_SIZE) {
            final int offset = Math.toIntExact(relocations.getLong(at));
            final int symbol = relocations.getInt(at + 12) * SYMBOL_SIZE;
            if (relocations.getInt(at + 8) != R_BPF_64_64 || code[offset] != WIDE_LOAD) {
                throw new IOException("the BPF object has a relocation of another kind than R_BPF_64_64");
            }
            references.add(new Reference(offset, text(strings, symbols.getInt(symbol))));
        }
        return new ObjectFile(code, maps, references, text(byName.get("license"), 0));
    }

    private static ByteBuffer slice(final ByteBuffer file, final long offset, final long size) {
        return file.slice(Math.toIntExact(offset), Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(final ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.limit()];
        buffer.get(0, bytes);
        return bytes;
    }

    private static String text(final ByteBuffer strings, final int at) {
        int end = at;
        while (strings.get(end) != 0) {
            end++;
        }
        final byte[] bytes = new byte[end - at];
        strings.get(at, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    /**
     * {@return the instructions with the values put in}
     *
     * @param descriptors maps' file descriptors by their names
     * @param numbers     values of the other symbols
     * @throws IOException if a symbol is in neither
     */
    byte[] link(final Map<String, Integer> descriptors, final Map<String, Integer> numbers) throws IOException {
        final byte[] linked = code.clone();
        final ByteBuffer view = ByteBuffer.wrap(linked).order(ByteOrder.LITTLE_ENDIAN);
        for (final Reference reference : references) {
            final boolean map = descriptors.containsKey(reference.symbol());
            final Integer value = map ? descriptors.get(reference.symbol()) : numbers.get(reference.symbol());
            if (value == null) {
                throw new IOException("the BPF object wants '" + reference.symbol() + "'");
            }
            // The source register says what the number is: BPF_PSEUDO_MAP_FD, or itself.
            linked[reference.offset() + 1] = (byte) (linked[reference.offset() + 1] & 0x0f | (map ? 0x10 : 0));
            view.putInt(reference.offset() + 4, value);
        }
        return linked;
    }
}

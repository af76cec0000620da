// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/**
 * Opens ports of kind {@code pcap}: captures in pcap and pcapng to receive from, a pcap file to record to. A port that
 * reads a file implements {@link org.trackway.packet.Progress}.
 */
@Component(service = PortFactory.class)
public final class PcapPortFactory implements PortFactory {

    static final String KIND = "pcap";

    private static final String FILE = "file";
    private static final String FOLLOW = "follow";
    private static final String RECORD = "record";

    private final InputStream standardInput;

    /** For declarative services. */
    @Activate
    public PcapPortFactory() {
        this(System.in);
    }

    PcapPortFactory(final InputStream standardInput) {
        this.standardInput = standardInput;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> options() {
        final Map<String, String> options = new LinkedHashMap<>();
        options.put(FILE, "capture to receive from: pcap or pcapng; '-' is standard input");
        options.put(FOLLOW, "true waits for more where the file ends, as it is still being written; default false");
        options.put(RECORD, "pcap file to write what is sent to; one that exists is replaced");
        return options;
    }

    @Override
    public Port open(final String name, final Map<String, String> options) throws IOException {
        for (final String option : options.keySet()) {
            if (!options().containsKey(option)) {
                throw new IllegalArgumentException("unknown option '" + option + "': a pcap port takes "
                    + String.join(", ", options().keySet()));
            }
        }
        final String file = options.get(FILE);
        final String record = options.get(RECORD);
        final boolean follow = follow(options.getOrDefault(FOLLOW, "false"));
        if (file == null && record == null) {
            throw new IllegalArgumentException("a pcap port needs 'file', 'record' or both");
        }
        if (file == null && follow) {
            throw new IllegalArgumentException("'follow' needs a 'file' to follow");
        }
        final boolean stdin = CaptureFile.STANDARD_INPUT.equals(file);
        if (record != null && file != null && !stdin) {
            refuseSame(Path.of(file), Path.of(record));
        }
        CaptureInput input = null;
        try {
            if (file != null) {
                input = stdin ? CaptureFile.standardInput(name, standardInput)
                    : CaptureFile.open(name, Path.of(file), follow);
            }
            final CaptureFormat format = input == null ? null : CaptureFormat.detect(input);
            return new PcapPort(name, input, format, record == null ? null : new PcapRecorder(Path.of(record)));
        } catch (final IOException e) {
            if (input != null) {
                input.close();
            }
            throw e;
        }
    }

    private static boolean follow(final String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("option 'follow' is '" + text + "': give true or false");
        };
    }

    /** Recording into the capture that is being read would destroy it. */
    private static void refuseSame(final Path file, final Path record) throws IOException {
        if (Files.exists(file) && Files.exists(record) && Files.isSameFile(file, record)) {
            throw new IllegalArgumentException("'file' and 'record' are the same: " + record);
        }
    }
}

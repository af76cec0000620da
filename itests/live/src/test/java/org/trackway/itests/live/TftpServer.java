// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Debian's tftpd-hpa in a namespace; anybody may get and put files.
 *
 * @param root where the files lie
 * @param file one of them, {@code /file} to clients
 */
record TftpServer(Path root, Path file) {

    private static final int SIZE = 100_000;

    static TftpServer start(final Network network, final String namespace) throws IOException {
        final Path root = Files.createDirectory(network.files().resolve("tftp"));
        final byte[] bytes = new byte[SIZE];
        new Random(4).nextBytes(bytes);
        final Path file = Files.write(root.resolve("file"), bytes);
        network.start(namespace, "in.tftpd", "-L", "-c", "-u", "root", "-s", root.toString());
        Await.until("the TFTP server", () -> network.in(namespace, "cat", "/proc/net/udp6").contains(":0045 "));
        return new TftpServer(root, file);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;

/**
 * Debian's vsftpd in a namespace, with one file for everybody.
 *
 * @param file the file, {@code /file} to clients
 */
record FtpServer(Path file) {

    private static final int SIZE = 3 << 20;

    static FtpServer start(final Network network, final String namespace, final boolean v6) throws IOException {
        return start(network, namespace, v6, 0);
    }

    /** The same, sending so many bytes a second at the most, 0 for as many as it can. */
    static FtpServer start(final Network network, final String namespace, final boolean v6, final int rate)
            throws IOException {
        final Path folder = network.files();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        final Path root = Files.createDirectory(folder.resolve("ftp"));
        final Path empty = Files.createDirectory(folder.resolve("empty"));
        final byte[] bytes = new byte[SIZE];
        new Random(2).nextBytes(bytes);
        final Path file = Files.write(root.resolve("file"), bytes);
        final Path settings = Files.writeString(folder.resolve("vsftpd.conf"), """
            listen=%s
            listen_ipv6=%s
            background=NO
            anonymous_enable=YES
            no_anon_password=YES
            anon_root=%s
            anon_max_rate=%d
            secure_chroot_dir=%s
            connect_from_port_20=YES
            seccomp_sandbox=NO
            """.formatted(v6 ? "NO" : "YES", v6 ? "YES" : "NO", root, rate, empty));
        network.start(namespace, "vsftpd", settings.toString());
        network.awaitListening(namespace, 21);
        return new FtpServer(file);
    }
}

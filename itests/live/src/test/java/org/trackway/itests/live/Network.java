// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Network namespaces with cables between them, and programs that run in them. Everything is made by the test and gone
 * when it is closed; nothing outside is touched.
 */
final class Network implements AutoCloseable {

    /** What a program said and how it ended; {@link #TIMED_OUT} if it had to be ended. */
    record Outcome(int status, String output) {
        boolean isGood() {
            return status == 0;
        }
    }

    static final int TIMED_OUT = -1;

    private static final int PATIENCE_S = 60;

    private final String prefix = "tw-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    private final Map<String, String> namespaces = new LinkedHashMap<>();
    private final List<Process> started = new ArrayList<>();
    private final Path files;

    private Network() throws IOException {
        files = Files.createTempDirectory(prefix);
    }

    /**
     * {@return an empty network}
     * Where namespaces can't be made, or one of the programs is missing, the test is skipped; with CI=true it fails.
     */
    static Network make(final String... programs) throws IOException {
        final List<String> missing = new ArrayList<>();
        if (!"root".equals(System.getProperty("user.name"))) {
            missing.add("root's rights");
        }
        final List<String> wanted = new ArrayList<>(Arrays.asList(programs));
        wanted.add("ip");
        for (final String program : wanted) {
            if (Arrays.stream((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":"))
                    .noneMatch(folder -> Files.isExecutable(Path.of(folder, program)))) {
                missing.add(program);
            }
        }
        if (!missing.isEmpty() && "true".equals(System.getenv("CI"))) {
            Assertions.fail("Live tests need " + String.join(", ", missing));
        }
        Assumptions.assumeTrue(missing.isEmpty(), () -> "needs " + String.join(", ", missing));
        return new Network();
    }

    /** {@return a network of another process, of which one namespace is known by its full name} */
    static Network of(final String name, final String namespace) throws IOException {
        final Network network = new Network();
        network.namespaces.put(name, namespace);
        return network;
    }

    /** {@return a folder for the test's files} */
    Path files() {
        return files;
    }

    /** Makes namespaces. */
    void namespaces(final String... names) {
        for (final String name : names) {
            final String full = prefix + '-' + name;
            must("ip", "netns", "add", full);
            namespaces.put(name, full);
            // No router is asked for, and addresses can be used at once.
            in(name, "sh", "-c", "ip link set lo up; cd /proc/sys/net/ipv6/conf/default;"
                + " echo 0 >accept_dad; echo 0 >router_solicitations; echo 0 >accept_ra");
        }
    }

    /** {@return the full name of a namespace} */
    String namespace(final String name) {
        return namespaces.get(name);
    }

    /** Lays a cable. Both ends, NAMESPACE/INTERFACE, are up, and have the addresses given for the first one. */
    void cable(final String end, final String other, final String... addresses) {
        final String[] first = end.split("/");
        final String[] second = other.split("/");
        must("ip", "link", "add", first[1], "netns", namespace(first[0]), "type", "veth",
            "peer", "name", second[1], "netns", namespace(second[0]));
        // The forwarder's end must not speak by itself.
        in(second[0], "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/" + second[1] + "/disable_ipv6");
        for (final String address : addresses) {
            in(first[0], "ip", "address", "add", address, "dev", first[1]);
        }
        in(second[0], "ip", "link", "set", second[1], "up");
        in(first[0], "ip", "link", "set", first[1], "up");
    }

    /** Runs a program in a namespace, which must succeed. {@return its output} */
    String in(final String namespace, final String... command) {
        final Outcome outcome = run(namespace, command);
        Assertions.assertThat(outcome.status()).as("%s in %s: %s", String.join(" ", command), namespace,
            outcome.output()).isZero();
        return outcome.output();
    }

    /** Runs a program in a namespace. {@return what came of it} */
    Outcome run(final String namespace, final String... command) {
        return run(entering(namespace, command));
    }

    /** Starts a program in a namespace, which is ended with the network. */
    Process start(final String namespace, final String... command) throws IOException {
        final Process process = new ProcessBuilder(entering(namespace, command)).redirectErrorStream(true)
            .redirectOutput(files.resolve("output-" + started.size()).toFile()).start();
        started.add(process);
        return process;
    }

    /** Waits until a TCP port of a namespace is listened on. */
    void awaitListening(final String namespace, final int port) {
        final String wanted = String.format(":%04X ", port);
        Await.until("a server on port " + port, () -> {
            for (final String line : in(namespace, "cat", "/proc/net/tcp", "/proc/net/tcp6").split("\n")) {
                if (line.contains(wanted) && line.contains(" 0A ")) {
                    return true;
                }
            }
            return false;
        });
    }

    /** Sends a datagram to a port where nobody listens. {@return whether an ICMP error came back and said so} */
    boolean isRefused(final String namespace, final String address) {
        return in(namespace, "python3", "-c", """
            import socket
            address = socket.getaddrinfo("%s", 4242, type=socket.SOCK_DGRAM)[0]
            caller = socket.socket(address[0], address[1])
            caller.settimeout(5)
            caller.connect(address[4])
            caller.send(b"x")
            try:
                caller.recv(1)
            except ConnectionRefusedError:
                print("refused")
            except TimeoutError:
                print("nothing")
            """.formatted(address)).equals("refused\n");
    }

    /**
     * Adds the namespace {@code far}, 10.7.0.2 and fd07::2, behind one that becomes a router and lets no more than 1400
     * bytes there.
     *
     * @param neighbour whom to tell the way there through 10.9.0.2 and fd09::2, null for nobody
     */
    void far(final String router, final String neighbour) {
        namespaces("far");
        cable("far/eth0", router + "/eth1", "10.7.0.2/24", "fd07::2/64");
        in(router, "sh", "-c", "cd /proc/sys/net; echo 0 >ipv6/conf/eth1/disable_ipv6;"
            + " ip address add 10.7.0.1/24 dev eth1; ip address add fd07::1/64 dev eth1; ip link set eth1 mtu 1400;"
            + " echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding");
        in("far", "ip", "route", "add", "default", "via", "10.7.0.1");
        in("far", "ip", "route", "add", "default", "via", "fd07::1");
        if (neighbour != null) {
            in(neighbour, "ip", "route", "add", "10.7.0.0/24", "via", "10.9.0.2");
            in(neighbour, "ip", "route", "add", "fd07::/64", "via", "fd09::2");
        }
    }

    /** Sends a file to a host of the namespace {@code far}, where it must arrive as it was. */
    void upload(final String namespace, final String address) throws IOException {
        final byte[] bytes = new byte[1 << 20];
        new Random(5).nextBytes(bytes);
        final Path file = Files.write(files.resolve("upload"), bytes);
        final Path arrived = files.resolve("arrived");
        final Process receiver = start("far", "sh", "-c", "nc -l " + address + " 9000 >" + arrived);
        awaitListening("far", 9000);
        in(namespace, "sh", "-c", "nc -N " + address + " 9000 <" + file);
        receiver.onExit().join();
        Assertions.assertThat(Files.mismatch(file, arrived)).as("first byte that differs").isEqualTo(-1);
    }

    private List<String> entering(final String namespace, final String... command) {
        final List<String> full = new ArrayList<>(List.of("ip", "netns", "exec", namespace(namespace)));
        full.addAll(List.of(command));
        return full;
    }

    private void must(final String... command) {
        final Outcome outcome = run(List.of(command));
        Assertions.assertThat(outcome.isGood()).as("%s: %s", String.join(" ", command), outcome.output()).isTrue();
    }

    private Outcome run(final List<String> command) {
        Process process = null;
        try {
            final Path output = Files.createTempFile(files, "run", "");
            process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
            process.getOutputStream().close();
            final boolean ended = process.waitFor(PATIENCE_S, TimeUnit.SECONDS);
            return new Outcome(ended ? process.exitValue() : TIMED_OUT, Files.readString(output));
        } catch (final IOException e) {
            throw new AssertionError(String.join(" ", command), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(String.join(" ", command), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (final Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit().join();
        }
        for (final String namespace : namespaces.values()) {
            run(List.of("ip", "netns", "delete", namespace));
        }
        try (var paths = Files.walk(files)) {
            for (final Path path : paths.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }
}

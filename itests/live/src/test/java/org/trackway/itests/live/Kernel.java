// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The kernel's own tracker, told by nft what to do. It tracks what it routes, so it is a router between two hosts that
 * take each other for neighbours: towards each it has the Ethernet address of the other, and nobody asks who is who.
 */
final class Kernel implements Middlebox {

    private static final Pattern LINE = Pattern.compile(
        "(\\w+) +\\d+ (?:\\d+ )?([A-Z_]+ )?(src=[^\\[]+?) (?:\\[UNREPLIED\\] )?(src=.*?) (?:\\[ASSURED\\] )?mark=.*?"
            + "( helper=\\w+)?(?: use=.*)?");

    private final Network network;
    private final String namespace;
    private String firstPort;
    private String firstMac;

    Kernel(final Network network, final String namespace) {
        this.network = network;
        this.namespace = namespace;
        network.in(namespace, "sh", "-c", "cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding;"
            + " echo 0 >ipv4/conf/all/send_redirects; echo 0 >ipv4/conf/default/send_redirects");
    }

    @Override
    public Kernel attach(final String port, final String mac, final String... addresses) {
        network.in(namespace, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/" + port + "/disable_ipv6");
        for (final String address : addresses) {
            final String host = address.replaceAll("/.*", "");
            network.in(namespace, "ip", "route", "add", host, "dev", port);
            network.in(namespace, "ip", "neigh", "add", host, "lladdr", mac, "dev", port);
        }
        if (firstPort == null) {
            firstPort = port;
            firstMac = mac;
        } else {
            network.in(namespace, "ip", "link", "set", port, "address", firstMac);
            network.in(namespace, "ip", "link", "set", firstPort, "address", mac);
        }
        return this;
    }

    @Override
    public void rules(final String text) throws IOException {
        network.in(namespace, "nft", "-f",
            Files.writeString(network.files().resolve("rules"), "flush ruleset\n" + text).toString());
    }

    @Override
    public List<String> connections() {
        return Stream.of("ipv4", "ipv6").flatMap(family -> network.in(namespace, "conntrack", "-L", "-f", family).lines())
            .filter(line -> !line.startsWith("conntrack v")).map(Kernel::translate).toList();
    }

    private static String translate(final String line) {
        final Matcher matcher = LINE.matcher(line);
        if (!matcher.matches()) {
            throw new AssertionError("unknown to this test: " + line);
        }
        final List<String> parts = new ArrayList<>();
        parts.add(matcher.group(1));
        parts.add("orig=(" + tuple(matcher.group(3)) + ")");
        parts.add("reply=(" + tuple(matcher.group(4)) + ")");
        if (matcher.group(2) != null) {
            parts.add("protoinfo=(state=" + matcher.group(2).trim() + ")");
        }
        if (matcher.group(5) != null) {
            parts.add(matcher.group(5).trim());
        }
        return String.join(",", parts);
    }

    private static String tuple(final String text) {
        return text.trim().replaceAll("(type=\\d+ code=\\d+) (id=\\d+)", "$2 $1").replace(' ', ',');
    }

    @Override
    public void flush() {
        network.in(namespace, "conntrack", "-F");
    }

    @Override
    public boolean takesUnfinishedPackets() {
        return true;
    }

    @Override
    public void close() {
        // It ends with the namespace.
    }
}

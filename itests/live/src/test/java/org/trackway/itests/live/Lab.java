// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Hosts h1, h2 ..., each in a namespace of its own with one cable to a middlebox, where it is port 1, 2 ... */
final class Lab implements AutoCloseable {

    static final String MAC = "80:88:88:88:88:88";

    private static final String BOX = "box";
    private static final String ARP_RESPONDER = """
        priority=100 arp arp_op=1 action=move:OXM_OF_ARP_TPA[]->NXM_NX_REG2[],resubmit(,8),goto_table:10
        priority=10 arp action=normal
        priority=0,action=drop
        table=8,reg2=%s,action=load:0x808888888888->OXM_OF_PKT_REG0[]
        table=8,priority=0,action=load:0->OXM_OF_PKT_REG0[]
        table=10 priority=100 arp xreg0=0 action=normal
        table=10 priority=10,arp,arp_op=1,action=load:2->OXM_OF_ARP_OP[],\
        move:OXM_OF_ARP_SHA[]->OXM_OF_ARP_THA[],move:OXM_OF_PKT_REG0[0..47]->OXM_OF_ARP_SHA[],\
        move:OXM_OF_ARP_SPA[]->OXM_OF_ARP_TPA[],move:NXM_NX_REG2[]->OXM_OF_ARP_SPA[],\
        move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],move:OXM_OF_PKT_REG0[0..47]->NXM_OF_ETH_SRC[],\
        move:NXM_OF_IN_PORT[]->NXM_NX_REG3[0..15],load:0->NXM_OF_IN_PORT[],output:NXM_NX_REG3[0..15]
        table=10 priority=0 action=drop
        """;

    final Network network;
    final Middlebox box;
    private int hosts;

    Lab(final Peer peer) throws IOException {
        network = Network.make("ping", "curl", "python3", "vsftpd", "in.tftpd", "lftp", "ethtool",
            "ovs-vswitchd", "ovs-vsctl", "nft", "conntrack");
        network.namespaces(BOX);
        box = peer.start(network, BOX);
    }

    /** Adds a host with an Ethernet address, or one of the kernel's choice if that is null. */
    Lab host(final String mac, final String... addresses) throws IOException {
        hosts++;
        final String name = "h" + hosts;
        final String port = "ovs-p" + (hosts - 1);
        network.namespaces(name);
        network.cable(name + "/eth0", BOX + "/" + port, addresses);
        if (mac != null) {
            network.in(name, "ip", "link", "set", "eth0", "address", mac);
        }
        if (!box.takesUnfinishedPackets()) {
            network.in(name, "ethtool", "-K", "eth0", "tx", "off");
        }
        box.attach(port, mac, addresses);
        return this;
    }

    /** Tells a host the Ethernet address of another. */
    Lab neighbour(final String host, final String address, final String mac) {
        network.in(host, "ip", "neigh", "add", address, "lladdr", mac, "dev", "eth0");
        return this;
    }

    /** {@return flows that answer ARP, with {@link #MAC}, for addresses that nobody has: a number, or one with a mask} */
    String arpResponder(final String addresses) {
        return ARP_RESPONDER.formatted(addresses);
    }

    /** Starts a web server on port 80, for both families. */
    void serve(final String host) throws IOException {
        network.start(host, "python3", "-m", "http.server", "--bind", "::", "--directory",
            network.files().toString(), "80");
        network.awaitListening(host, 80);
    }

    /** Gets something with curl, which must succeed. */
    void get(final String host, final String... options) {
        network.in(host, curl(options, "--max-time", "1", "--retry", "3", "--retry-connrefused"));
    }

    /** Tries to get something with curl, to which nothing must come back, not even a refusal. */
    void getInVain(final String host, final String... options) {
        assertThat(network.run(host, curl(options, "--max-time", "0.5")).status()).as("curl's status").isEqualTo(28);
    }

    private static String[] curl(final String[] options, final String... more) {
        final List<String> words = new ArrayList<>(List.of("curl", "-sS", "-o", "/dev/null"));
        words.addAll(List.of(more));
        words.addAll(Arrays.asList(options));
        return words.toArray(String[]::new);
    }

    /** {@return how many of three pings came back} */
    String ping(final String host, final String address) {
        return network.run(host, "ping", "-q", "-c", "3", "-i", "0.1", "-W", "0.5", address).output().lines()
            .filter(line -> line.contains("transmitted")).map(line -> line.replaceAll(", time.*| packets", ""))
            .collect(Collectors.joining());
    }

    /** Removes all connections once TCP is done with them, so that none comes back with a late last segment. */
    void flush() {
        Await.until("all to be closed", () -> box.connections().stream()
            .noneMatch(line -> line.contains("state=") && !line.contains("state=TIME_WAIT")));
        box.flush();
    }

    /**
     * {@return the connections that speak of a destination, each once, sorted; without ports, identifiers and states,
     * as Open vSwitch's tests leave out what differs from run to run}
     */
    List<String> dump(final String destination) {
        return box.connections().stream().filter(line -> line.contains("dst=" + destination))
            .map(line -> line.replaceAll("(port|id|state)=\\w+", "$1=")).distinct().sorted().toList();
    }

    @Override
    public void close() throws IOException {
        box.close();
        network.close();
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.util.List;

/** What stands between the hosts of a test: Trackway, or a peer that is given the same traffic. */
interface Middlebox extends AutoCloseable {

    /**
     * Takes an interface of its namespace as the next port, counting from 1.
     *
     * @param port      the interface
     * @param mac       Ethernet address of the host behind it, or null if the kernel may choose
     * @param addresses its IP addresses
     */
    Middlebox attach(String port, String mac, String... addresses) throws IOException;

    /** Puts these rules in the place of all others: flows, or a ruleset of nft. */
    void rules(String text) throws IOException;

    /** {@return its connections as {@code ovs-appctl dpctl/dump-conntrack} prints them} */
    List<String> connections();

    /** Removes all connections. */
    void flush();

    /** {@return whether it takes checksums and long segments that the sender left to the hardware} */
    boolean takesUnfinishedPackets();

    @Override
    void close();
}

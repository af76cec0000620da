// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.List;
import org.trackway.packet.IpAddress;

/**
 * What the gathering of fragments is doing (dpctl/ipf-get-status).
 *
 * @param held      fragments held now, of both families
 * @param v4        counters of IPv4
 * @param v6        counters of IPv6
 * @param datagrams datagrams that are being gathered or wait to leave
 */
public record FragmentStatus(int held, Counts v4, Counts v6, List<Datagram> datagrams) {

    /**
     * Counters of one family, never reset.
     *
     * @param accepted   fragments taken
     * @param completed  fragments of completed datagrams that left
     * @param expired    fragments dropped because their datagram did not complete in time
     * @param tooSmall   fragments refused because they were below the minimum size
     * @param overlapped fragments refused because they overlap another
     * @param purged     fragments dropped because nobody fetched them
     */
    public record Counts(long accepted, long completed, long expired, long tooSmall, long overlapped, long purged) {
    }

    /**
     * A datagram in pieces.
     *
     * @param source      source address
     * @param destination destination address
     * @param id          identification of the datagram, 16 bits (IPv4) or 32 bits (IPv6)
     * @param zone        zone it is gathered in
     * @param protocol    IP protocol, 0 for IPv6
     * @param fragments   how many fragments are there
     * @param state       how far it is, in the words of {@code ipf-get-status}
     */
    public record Datagram(IpAddress source, IpAddress destination, long id, int zone, int protocol, int fragments,
            String state) {
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Locale;

/**
 * The attributes of a timeout policy, with the names, order and defaults of Open vSwitch (lib/ct-dpif.h CT_DPIF_TP_ATTRS,
 * lib/conntrack-tp.c). The UDP attributes serve every protocol that has no machine of its own, SCTP included. A two-way
 * UDP connection lives shorter than a one-way one by default, as in the peer.
 */
public enum Timeout {
    /** TCP: the first packet. */
    TCP_SYN_SENT(30),
    /** TCP: until both sides have opened. */
    TCP_SYN_RECV(30),
    /** TCP: both sides open. */
    TCP_ESTABLISHED(86_400),
    /** TCP: one side has sent FIN. */
    TCP_FIN_WAIT(900),
    /** Accepted, stored and without effect, as in the peer. */
    TCP_CLOSE_WAIT(60),
    /** Accepted, stored and without effect, as in the peer. */
    TCP_LAST_ACK(30),
    /** TCP: both sides have sent FIN. */
    TCP_TIME_WAIT(45),
    /** TCP: both FINs acknowledged, or reset. */
    TCP_CLOSE(30),
    /** Accepted, stored and without effect, as in the peer. */
    TCP_SYN_SENT2(30),
    /** Accepted, stored and without effect, as in the peer. */
    TCP_RETRANSMIT(300),
    /** Accepted, stored and without effect, as in the peer. */
    TCP_UNACK(300),
    /** UDP and others: one packet seen. */
    UDP_FIRST(60),
    /** UDP and others: several packets one way. */
    UDP_SINGLE(60),
    /** UDP and others: packets both ways. */
    UDP_MULTIPLE(30),
    /** ICMP queries: no answer yet. */
    ICMP_FIRST(60),
    /** ICMP queries: answered. */
    ICMP_REPLY(30);

    private final int defaultSeconds;

    Timeout(final int defaultSeconds) {
        this.defaultSeconds = defaultSeconds;
    }

    /** {@return the value of the default policy, in seconds} */
    public int defaultSeconds() {
        return defaultSeconds;
    }

    /** {@return the attribute's name in a policy, for example {@code tcp_syn_sent}} */
    public String attribute() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * {@return the attribute with this name, in any case}
     *
     * @throws IllegalArgumentException listing the names, if there is none
     */
    public static Timeout parse(final String attribute) {
        for (final Timeout timeout : values()) {
            if (timeout.name().equalsIgnoreCase(attribute)) {
                return timeout;
            }
        }
        final StringBuilder names = new StringBuilder();
        for (final Timeout timeout : values()) {
            names.append(names.isEmpty() ? "" : ", ").append(timeout.attribute());
        }
        throw new IllegalArgumentException("unknown timeout '" + attribute + "': give one of " + names);
    }
}

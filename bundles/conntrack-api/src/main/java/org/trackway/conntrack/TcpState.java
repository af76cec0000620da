// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

/**
 * State of one TCP peer, with names and order of Open vSwitch (lib/ct-dpif.h CT_DPIF_TCP_STATES); the order matters,
 * states are compared by it. The tracker itself uses {@link #CLOSED}, {@link #SYN_SENT}, {@link #ESTABLISHED},
 * {@link #CLOSING}, {@link #FIN_WAIT_2} and {@link #TIME_WAIT}.
 */
public enum TcpState {
    /** Nothing seen of this peer yet. */
    CLOSED,
    /** Not used. */
    LISTEN,
    /** The peer has sent something and was not acknowledged yet. */
    SYN_SENT,
    /** Not used. */
    SYN_RECV,
    /** The peer's opening was acknowledged. */
    ESTABLISHED,
    /** Not used. */
    CLOSE_WAIT,
    /** Not used. */
    FIN_WAIT_1,
    /** The peer has sent FIN. */
    CLOSING,
    /** Not used. */
    LAST_ACK,
    /** The peer's FIN was acknowledged. */
    FIN_WAIT_2,
    /** The connection was reset. */
    TIME_WAIT;

    private static final TcpState[] VALUES = values();

    /** {@return the state with this number, 0..10} */
    public static TcpState of(final int number) {
        return VALUES[number];
    }

    /** {@return the one state shown for a connection: the later peer's, in the terms of Linux} */
    public static TcpState merged(final TcpState original, final TcpState reply) {
        final TcpState later = original.compareTo(reply) >= 0 ? original : reply;
        return later == FIN_WAIT_2 ? TIME_WAIT : later == SYN_RECV ? ESTABLISHED : later;
    }
}

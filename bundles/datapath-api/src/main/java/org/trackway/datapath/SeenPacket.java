// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.util.Optional;
import org.trackway.conntrack.Tuple;

/**
 * What became of one packet.
 *
 * @param number      counts the packets of a datapath from 1, in the order in which they came in
 * @param timestampNs when it was received or captured, in nanoseconds since the epoch; 0 if unknown
 * @param port        name of the port by which it came in
 * @param length      its length as it came in, in bytes
 * @param etherType   its Ethernet type behind VLAN tags, -1 without a whole Ethernet header
 * @param tuple       its addresses and ports as it came in, if it is IP with a sound header; what is not ports is 0
 * @param fate        what became of it
 * @param ctState     the bits that its last {@code ct} action left ({@code CtState}); 0 if there was none
 * @param ctZone      the zone of its last {@code ct} action
 * @param ctMark      the mark that its last {@code ct} action left
 * @param ctLabelHigh the high half of the label that its last {@code ct} action left
 * @param ctLabelLow  the low half of the label
 * @param connection  id of its connection where the tracker told it, 0 otherwise
 */
public record SeenPacket(long number, long timestampNs, String port, int length, int etherType, Optional<Tuple> tuple,
        Fate fate, int ctState, int ctZone, int ctMark, long ctLabelHigh, long ctLabelLow, long connection) {

    /** What became of a packet. */
    public enum Fate {
        /** It met no {@code ct} action. */
        UNTRACKED,
        /** It went through the tracker. */
        TRACKED,
        /** It is a fragment that the tracker holds back. */
        HELD,
        /** It is a fragment that came in earlier, and this packet's batch released it. */
        RELEASED
    }
}

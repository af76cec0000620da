// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** How the values of a field are written. */
enum Format {
    /** A number, printed in decimal when it is not masked. */
    DECIMAL,
    /** A number, printed in hexadecimal. */
    HEX,
    /** An IPv4 address; the mask is a prefix length or an address. */
    IPV4,
    /** An IPv6 address; the mask is a prefix length or an address. */
    IPV6,
    /** An Ethernet address; the mask is another. */
    MAC,
    /** Bits of {@code ct_state} by name. */
    CT_STATE,
    /** TCP flags by name. */
    TCP_FLAGS,
    /** A kind of fragment by name. */
    FRAGMENT,
    /** A port by name or number. */
    PORT
}

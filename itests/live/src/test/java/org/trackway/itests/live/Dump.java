// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

/** Lines as {@link Lab#dump} gives them. */
final class Dump {

    private static final String STATE = ",protoinfo=(state=)";

    private Dump() {
    }

    /**
     * {@return a TCP connection}
     *
     * @param original its two addresses, {@code A > B}
     * @param reply    the same of its answers
     * @param metadata what stands between them and the state, for example {@code ,zone=1}
     * @param helper   what stands behind the state
     */
    static String tcp(final String original, final String reply, final String metadata, final String helper) {
        return "tcp,orig=(" + ports(original) + "),reply=(" + ports(reply) + ")" + metadata + STATE + helper;
    }

    static String tcp(final String original, final String reply, final String metadata) {
        return tcp(original, reply, metadata, "");
    }

    static String tcp(final String original, final String reply) {
        return tcp(original, reply, "");
    }

    static String udp(final String original, final String reply, final String rest) {
        return "udp,orig=(" + ports(original) + "),reply=(" + ports(reply) + ")" + rest;
    }

    static String icmp(final String original, final String reply, final String rest) {
        return "icmp,orig=(" + ends(original) + ",id=,type=8,code=0),reply=(" + ends(reply) + ",id=,type=0,code=0)"
            + rest;
    }

    static String icmpv6(final String original, final String reply, final String rest) {
        return "icmpv6,orig=(" + ends(original) + ",id=,type=128,code=0),reply=(" + ends(reply)
            + ",id=,type=129,code=0)" + rest;
    }

    private static String ports(final String text) {
        return ends(text) + ",sport=,dport=";
    }

    private static String ends(final String text) {
        final String[] hosts = text.split(" > ");
        return "src=" + hosts[0] + ",dst=" + hosts[1];
    }
}

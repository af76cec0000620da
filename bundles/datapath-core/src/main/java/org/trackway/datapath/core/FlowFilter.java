// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/**
 * Which flows a removal is about.
 *
 * @param table      number of the table, or {@link #ANY}
 * @param priority   the priority, in a strict one
 * @param cookie     value of the cookie
 * @param cookieMask the bits of it that count
 * @param match      the match
 * @param strict     whether match and priority must be the flow's own
 */
record FlowFilter(int table, int priority, long cookie, long cookieMask, Match match, boolean strict) {

    static final int ANY = -1;

    boolean picks(final Rule rule) {
        return (table == ANY || table == rule.table) && (rule.cookie & cookieMask) == (cookie & cookieMask)
            && (strict ? priority == rule.priority && match.equals(rule.match) : match.covers(rule.match));
    }
}

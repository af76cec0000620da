// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;
import org.trackway.conntrack.CtAction;
import org.trackway.packet.Packet;

/**
 * A packet on its way through the tables: its key, and the actions that are still to come. Where a list of actions
 * calls another, the rest of it waits on a stack. Belongs to one {@link Pipeline}, which uses it again.
 */
final class Frame {

    final long[] key = new long[Key.WORDS];
    Packet packet;
    /** Whether the packet's bytes were handed to a port and must stay as they are. */
    boolean sent;
    /** What goes on when this frame is done: the packet that this one is a copy of. Null if nothing. */
    Frame then;

    private Action[][] lists = new Action[8][];
    private int[] positions = new int[8];
    private int[] tables = new int[8];
    private int[] inPorts = new int[8];
    private int depth;
    private int resubmits;
    private int rounds;

    // What it waits for.
    private Track track;
    private CtAction action;

    void start(final Packet what, final int port) {
        packet = what;
        sent = false;
        then = null;
        rounds = 0;
        Arrays.fill(key, 0, Key.HEADERS, 0);
        Key.inPort(key, port);
        rewind();
    }

    private void rewind() {
        depth = 0;
        resubmits = 0;
        track = null;
        action = null;
    }

    /** Becomes a frame for another packet at the same point: same key, same actions to come. */
    void follow(final Frame other, final Packet what) {
        start(what, 0);
        System.arraycopy(other.key, 0, key, 0, Key.WORDS);
        rounds = other.rounds;
        resubmits = other.resubmits;
        track = other.track;
        action = other.action;
        for (int i = 0; i < other.depth; i++) {
            push(other.lists[i], other.tables[i], other.inPorts[i]);
            positions[i] = other.positions[i];
        }
    }

    /** Becomes a frame for a copy of another's packet that starts over in some table, with its metadata. */
    void fork(final Frame other, final Packet copy) {
        start(copy, 0);
        System.arraycopy(other.key, 0, key, 0, Key.WORDS);
        rounds = other.rounds;
    }

    /** Drops all actions to come and counts one more round through the tables. {@return how many there were before} */
    int startOver() {
        rewind();
        return rounds++;
    }

    /** {@return how many lists are on the stack} */
    int depth() {
        return depth;
    }

    /** {@return how often it was resubmitted since it last started over, this one included} */
    int countResubmit() {
        return ++resubmits;
    }

    /** {@return the table that the current list of actions belongs to} */
    int table() {
        return tables[depth - 1];
    }

    /** {@return the current list of actions} */
    Action[] actions() {
        return lists[depth - 1];
    }

    /** Puts a list of actions on the stack. When it is done, the ingress port becomes {@code portAfter} again. */
    void push(final Action[] list, final int table, final int portAfter) {
        if (depth == lists.length) {
            lists = Arrays.copyOf(lists, 2 * depth);
            positions = Arrays.copyOf(positions, 2 * depth);
            tables = Arrays.copyOf(tables, 2 * depth);
            inPorts = Arrays.copyOf(inPorts, 2 * depth);
        }
        lists[depth] = list;
        positions[depth] = 0;
        tables[depth] = table;
        inPorts[depth] = portAfter;
        depth++;
    }

    /** Runs actions until there are none left ({@code false}) or the frame must wait ({@code true}). */
    boolean run(final Pipeline pipeline) {
        while (depth > 0) {
            final int level = depth - 1;
            if (positions[level] == lists[level].length) {
                pop();
                continue;
            }
            final Action next = lists[level][positions[level]++];
            switch (next.run(pipeline, this)) {
                case WAIT:
                    return true;
                case RETURN:
                    if (depth > 0) {
                        pop();
                    }
                    break;
                default:
                    break;
            }
        }
        return false;
    }

    private void pop() {
        depth--;
        Key.inPort(key, inPorts[depth]);
    }

    /** {@return whether any action is still to come} */
    boolean hasMore() {
        for (int i = 0; i < depth; i++) {
            if (positions[i] < lists[i].length) {
                return true;
            }
        }
        return false;
    }

    /** Ends the frame's way here and now. */
    void abandon() {
        depth = 0;
    }

    /** Steps back, so that the action that just ran runs again. */
    void repeat() {
        positions[depth - 1]--;
    }

    void waitFor(final Track what, final CtAction with) {
        track = what;
        action = with;
    }

    /** {@return the action that the frame waits for, null if it waits for its turn} */
    Track track() {
        return track;
    }

    /** {@return what the tracker is to do, null if the frame waits for its turn} */
    CtAction action() {
        return action;
    }

    /** Makes the fields of the tracker look as if the packet had never met it. */
    void clearConntrack() {
        Arrays.fill(key, Key.CT, Key.HEADERS, 0);
    }
}

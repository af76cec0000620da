// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.conntrack.spi.HelperContext;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;

/**
 * One packet as a helper sees it, and what the helper asks for. Scratch space of one thread, used for one packet after the
 * other; tuples are only made when a helper wants them. Outside a call it refers to nothing.
 */
final class ControlView implements ControlPacket {

    /** Where the packet's payload lies. */
    final Payload payload = new Payload();
    /** What was announced by this call, in case it is taken back. */
    final List<Expectations.Entry> announced = new ArrayList<>();

    private final Expectations expectations;
    private int[] replacedAt = new int[4];
    private int[] replacedCount = new int[4];
    private byte[][] replacedBy = new byte[4][];
    private int replacements;

    private ConnectionView connection;
    private Key forward;
    private Key reply;
    private Packet packet;
    private boolean isReply;
    private boolean translated;
    private int sequence;
    private boolean start;
    private HelperContext context;
    private String helper;
    private int mark;
    private long labelHigh;
    private long labelLow;
    private long nowNs;
    private Tuple originalTuple;
    private Tuple replyTuple;
    private boolean refused;
    private int failures;

    ControlView(final Expectations expectations) {
        this.expectations = expectations;
    }

    void connection(final ConnectionView view, final Key forwardKey, final Key replyKey) {
        connection = view;
        forward = forwardKey;
        reply = replyKey;
    }

    void inherits(final int itsMark, final long itsLabelHigh, final long itsLabelLow) {
        mark = itsMark;
        labelHigh = itsLabelHigh;
        labelLow = itsLabelLow;
    }

    void packet(final Packet shown, final boolean inReply, final boolean isTranslated, final long now) {
        packet = shown;
        isReply = inReply;
        translated = isTranslated;
        nowNs = now;
    }

    void stream(final int number, final boolean isStart) {
        sequence = number;
        start = isStart;
    }

    void helper(final String name, final HelperContext itsContext) {
        helper = name;
        context = itsContext;
        refused = false;
        failures = 0;
        replacements = 0;
    }

    /** Takes back everything that the helper asked for. */
    void takeBack() {
        announced.forEach(expectations::remove);
        replacements = 0;
        refused = false;
        failures = 0;
    }

    /** Forgets everything about the packet. */
    void release() {
        connection = null;
        forward = null;
        reply = null;
        packet = null;
        context = null;
        helper = null;
        originalTuple = null;
        replyTuple = null;
        announced.clear();
        payload.release();
        for (int i = 0; i < replacements; i++) {
            replacedBy[i] = null;
        }
        replacements = 0;
    }

    /** {@return how many replacements were asked for} */
    int replacements() {
        return replacements;
    }

    int replacedAt(final int i) {
        return replacedAt[i];
    }

    int replacedCount(final int i) {
        return replacedCount[i];
    }

    byte[] replacedBy(final int i) {
        return replacedBy[i];
    }

    /** {@return how many failures the helper told of} */
    int failures() {
        return failures;
    }

    /** {@return whether the helper found the packet invalid} */
    boolean isRefused() {
        return refused;
    }

    // ---- what the helper sees ----

    @Override
    public ConnectionView connection() {
        return connection;
    }

    @Override
    public Tuple original() {
        if (originalTuple == null) {
            originalTuple = forward.tuple();
        }
        return originalTuple;
    }

    @Override
    public Tuple reply() {
        if (replyTuple == null) {
            replyTuple = reply.tuple();
        }
        return replyTuple;
    }

    @Override
    public boolean isReply() {
        return isReply;
    }

    @Override
    public boolean isTranslated() {
        return translated;
    }

    @Override
    public HelperContext context() {
        return context;
    }

    @Override
    public int length() {
        return payload.length();
    }

    @Override
    public int at(final int index) {
        return Bytes.u8(packet.data(), payload.at() + Objects.checkIndex(index, payload.length()));
    }

    @Override
    public int sequence() {
        return sequence;
    }

    @Override
    public boolean isStart() {
        return start;
    }

    // ---- what the helper asks for ----

    @Override
    public void replace(final int index, final int count, final byte[] text) {
        if (!translated) {
            throw new IllegalStateException("this connection is not translated here: its payload stays");
        }
        final int free = replacements == 0 ? 0 : replacedAt[replacements - 1] + replacedCount[replacements - 1];
        if (index < free || count < 1 || count > payload.length() - index) {
            throw new IndexOutOfBoundsException("bytes " + index + "+" + count + " of " + payload.length()
                + ", of which the first " + free + " are done with");
        }
        if (replacements == replacedAt.length) {
            replacedAt = Arrays.copyOf(replacedAt, 2 * replacements);
            replacedCount = Arrays.copyOf(replacedCount, 2 * replacements);
            replacedBy = Arrays.copyOf(replacedBy, 2 * replacements);
        }
        replacedAt[replacements] = index;
        replacedCount[replacements] = count;
        replacedBy[replacements++] = text.clone();
    }

    @Override
    public void expect(final Request request) {
        final Expectations.Entry entry = expectations.add(new Expectations.Announcement(request, forward.copy(),
            connection.id(), helper, mark, labelHigh, labelLow), nowNs);
        if (entry != null) {
            announced.add(entry);
        }
    }

    @Override
    public void refuse() {
        refused = true;
    }

    @Override
    public void fail() {
        failures++;
    }
}

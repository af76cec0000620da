// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpProtocol;

/**
 * A helper as an outsider would write it, for a protocol nobody speaks: {@code @@} stands for the sender's address and is
 * replaced by {@link #text}, {@code !} announces a connection to port 4000 plus the number of announcements so far,
 * {@code X} is refused, {@code ?} makes the helper throw.
 */
final class ToyHelper implements ConnectionHelper {

    /** What takes the place of {@code @@}. */
    byte[] text = "(here)".getBytes(StandardCharsets.US_ASCII);
    private final int protocol;

    ToyHelper() {
        this(IpProtocol.TCP);
    }

    ToyHelper(final int protocol) {
        this.protocol = protocol;
    }

    /** What it keeps for a connection: how much it announced. */
    record Announced(int count) {
    }

    @Override
    public String name() {
        return "toy";
    }

    @Override
    public int protocol() {
        return protocol;
    }

    @Override
    public Set<Integer> defaultPorts() {
        return Set.of(7);
    }

    @Override
    public void control(final ControlPacket packet) {
        final ConnectionSlot<Announced> slot = packet.context().slot(Announced.class);
        final long id = packet.connection().id();
        for (int i = 0; i < packet.length(); i++) {
            switch (packet.at(i)) {
                case '@' -> {
                    if (i + 1 < packet.length() && packet.at(i + 1) == '@') {
                        packet.replace(i++, 2, text);
                    }
                }
                case '!' -> {
                    final Announced before = slot.get(id) == null ? new Announced(0) : slot.get(id);
                    slot.set(id, new Announced(before.count() + 1));
                    packet.expect(ControlPacket.Request.toSender(packet, 4000 + before.count()));
                }
                case 'X' -> packet.refuse();
                case '?' -> throw new IllegalArgumentException("cannot read this");
                default -> {
                }
            }
        }
    }
}

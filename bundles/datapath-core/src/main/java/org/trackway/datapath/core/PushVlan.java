// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.packet.Packet;

/** Puts a VLAN tag with identifier and priority 0 before the others: {@code push_vlan:TYPE}. */
final class PushVlan extends Action {

    private final int type;

    PushVlan(final int type) {
        this.type = type;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        final Packet packet = pipeline.writable(frame);
        if (packet.parse()) {
            packet.pushVlan(type, 0);
            Fields.VLAN_TCI.write(frame.key, Key.TAGGED);
        }
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        return "push_vlan:0x" + Integer.toHexString(type);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.packet.Packet;

/** Removes the outer VLAN tag, if there is one: {@code pop_vlan}, {@code strip_vlan}. */
final class PopVlan extends Action {

    private final String text;

    PopVlan(final String text) {
        this.text = text;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        final Packet packet = pipeline.writable(frame);
        if (packet.parse()) {
            packet.popVlan();
            Fields.VLAN_TCI.write(frame.key, HeaderReader.tag(packet));
        }
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        return text;
    }
}

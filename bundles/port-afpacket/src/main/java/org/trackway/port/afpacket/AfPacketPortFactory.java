// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/** Opens ports of kind {@code afpacket}: Linux network interfaces. */
@Component(service = PortFactory.class)
public final class AfPacketPortFactory implements PortFactory {

    static final String KIND = "afpacket";

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> options() {
        return PortOptions.descriptions();
    }

    @Override
    public Port open(final String name, final Map<String, String> options) throws IOException {
        final PortOptions parsed = PortOptions.parse(name, options);
        try {
            if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
                throw new IOException("ports of kind afpacket need Linux on a 64-bit machine, this is "
                    + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
            }
            return new AfPacketPort(name, PacketSocket.openAll(parsed), parsed);
        } catch (final LinkageError missing) {
            throw new IOException("the native part of JNA can't be loaded: " + missing.getMessage(), missing);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/** Opens ports of kind {@code afpacket}: Linux network interfaces. */
@Component(service = PortFactory.class)
public final class AfPacketPortFactory implements PortFactory {

    static final String KIND = "afpacket";

    /** Those that are open, and some that were. */
    private final List<AfPacketPort> ports = new ArrayList<>();
    private boolean closed;

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> options() {
        return PortOptions.descriptions();
    }

    @Override
    public synchronized Port open(final String name, final Map<String, String> options) throws IOException {
        final PortOptions parsed = PortOptions.parse(name, options);
        try {
            if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
                throw new IOException("ports of kind afpacket need Linux on a 64-bit machine, this is "
                    + System.getProperty("os.name") + " on " + System.getProperty("os.arch"));
            }
            if (closed) {
                throw new IOException("ports of kind afpacket have gone");
            }
            LibC.register();
            final AfPacketPort port = new AfPacketPort(name, PacketSocket.openAll(parsed), parsed);
            ports.removeIf(AfPacketPort::isClosed);
            ports.add(port);
            return port;
        } catch (final LinkageError missing) {
            throw new IOException("the native part of JNA can't be loaded: " + missing.getMessage(), missing);
        }
    }

    /** Closes what somebody may have left open, and lets JNA go, which must not be called afterwards. */
    @Deactivate
    synchronized void close() {
        closed = true;
        ports.forEach(AfPacketPort::close);
        LibC.unregister();
    }
}

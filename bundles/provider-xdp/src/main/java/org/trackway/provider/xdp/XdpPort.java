// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.lang.ref.WeakReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.packet.LinuxInterface;
import org.trackway.packet.Port;

/**
 * A port that paths come in or leave by, with its interface. Guarded by the provider that made it. It does not keep the
 * port: that is its datapath's.
 */
final class XdpPort {

    private static final Logger LOG = LoggerFactory.getLogger(XdpPort.class);

    private static final long RETRY_NS = 10_000_000_000L;

    final int number;
    /** Paths that come in or leave here. */
    int paths;

    private final ForwardProgram program;
    private final WeakReference<Port> port;
    private final String name;
    private final LinuxInterface at;
    private final DeviceFeatures features;
    private int mtu;
    private boolean sends;
    /** How the program is attached, 0 while it is not. */
    private int mode;
    private int link = -1;
    /** The program of this port, -1 before it is wanted. */
    int loaded = -1;
    /** Why it could not be attached last, and when that was: it is not tried for every path. */
    private IOException failure;
    private long failedNs;
    private boolean closed;

    /** Lets paths leave by a port. */
    XdpPort(final ForwardProgram program, final int number, final Port port, final LinuxInterface at)
            throws IOException {
        this.program = program;
        this.number = number;
        this.port = new WeakReference<>(port);
        this.name = port.name();
        this.at = at;
        final DeviceFeatures[] opened = new DeviceFeatures[1];
        NetworkNamespace.run(at.namespace(), () -> {
            program.device(number, at.index());
            opened[0] = new DeviceFeatures();
        });
        features = opened[0];
        mtu = at.mtu();
        program.limit(number, mtu);
    }

    String name() {
        return name;
    }

    boolean isOf(final Port other) {
        return !closed && port.get() == other;
    }

    /** {@return how the program is attached, {@link Bpf#NATIVE} or {@link Bpf#GENERIC}; 0 while it is not} */
    int mode() {
        return mode;
    }

    boolean isNative() {
        return mode == Bpf.NATIVE;
    }

    /** {@return whether frames that a driver redirects here are sent, not lost; if so, when it was looked at last} */
    boolean sends() {
        sends = sends || has(DeviceFeatures.SENDS);
        return sends;
    }

    private boolean has(final long wanted) {
        try {
            return (features.of(at.index()) & wanted) == wanted;
        } catch (final IOException gone) {
            return false;
        }
    }

    /** Attaches the program, unless it is. */
    void attach(final XdpSettings.Attach how) throws IOException {
        if (mode != 0) {
            return;
        }
        if (failure != null && System.nanoTime() - failedNs < RETRY_NS) {
            throw failure;
        }
        try {
            attachAs(how);
            failure = null;
        } catch (final IOException refused) {
            failure = refused;
            failedNs = System.nanoTime();
            LOG.warn("XDP can't be attached: {}", refused.getMessage());
            throw refused;
        }
    }

    private void attachAs(final XdpSettings.Attach how) throws IOException {
        if (loaded < 0) {
            loaded = program.load(number);
        }
        switch (how) {
            case NATIVE -> attach(Bpf.NATIVE);
            case GENERIC -> attach(Bpf.GENERIC);
            default -> {
                if (has(DeviceFeatures.RUNS | DeviceFeatures.SENDS)) {
                    try {
                        attach(Bpf.NATIVE);
                        return;
                    } catch (final IOException no) {
                        LOG.info("{}: {}; the program is attached in the stack instead", at.name(), no.getMessage());
                    }
                }
                attach(Bpf.GENERIC);
            }
        }
    }

    private void attach(final int wanted) throws IOException {
        try {
            NetworkNamespace.run(at.namespace(), () -> link = program.attach(loaded, at.index(), wanted));
        } catch (final IOException refused) {
            throw new IOException(at.name() + ": " + refused.getMessage(), refused);
        }
        mode = wanted;
        LOG.info("XDP is attached to {} ({})", at.name(), mode == Bpf.NATIVE ? "native" : "generic");
    }

    /** Takes the program out of the driver and attaches it in the stack, from where every interface is reached. */
    void attachInStack() throws IOException {
        detach();
        attach(Bpf.GENERIC);
    }

    private void detach() {
        if (link >= 0) {
            LibC.close(link);
            link = -1;
            mode = 0;
        }
    }

    /** Looks at the port and its interface. {@return whether both are as they were, but for the MTU} */
    boolean look() throws IOException {
        final Port stillThere = port.get();
        final LinuxInterface now = stillThere == null ? null : stillThere.linuxInterface().orElse(null);
        if (now == null || now.index() != at.index() || !now.namespace().equals(at.namespace())) {
            return false;
        }
        if (now.mtu() != mtu) {
            mtu = now.mtu();
            program.limit(number, mtu);
        }
        sends = has(DeviceFeatures.SENDS);
        return true;
    }

    boolean isClosed() {
        return closed;
    }

    /** Takes the program out of the interface, and lets nothing leave there any more. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        detach();
        if (loaded >= 0) {
            LibC.close(loaded);
        }
        features.close();
        try {
            program.limit(number, 0);
            program.noDevice(number);
        } catch (final IOException e) {
            LOG.warn("{}: {}", at.name(), e.getMessage());
        }
    }

    /** {@return for people: its name, and how the program is attached} */
    @Override
    public String toString() {
        return name + (mode == Bpf.NATIVE ? " (native)" : mode == Bpf.GENERIC ? " (generic)" : "");
    }
}

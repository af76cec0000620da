// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.IOException;
import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/** A service that opens ports of one kind; a datapath finds it by its {@link #kind}. Thread-safe. */
@ConsumerType
public interface PortFactory {

    /** {@return the kind of port it opens, for example {@code pcap}} */
    String kind();

    /** {@return the options that {@link #open} takes, name to one-line description} */
    Map<String, String> options();

    /**
     * Opens a port.
     *
     * @param name    the name the port will have
     * @param options settings of this port by name, as listed by {@link #options}
     * @return the open port, owned by the caller, who closes it
     * @throws IOException              in one line, what could not be opened and why
     * @throws IllegalArgumentException if an option is unknown or its value not allowed, with what is allowed
     */
    Port open(String name, Map<String, String> options) throws IOException;
}

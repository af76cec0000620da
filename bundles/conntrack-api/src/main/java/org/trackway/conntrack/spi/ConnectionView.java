// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.Connection;

/**
 * A live connection while its lock is held. Valid only during the call it is given to, and only on that thread; what is
 * needed longer is its {@link #id} or a {@link #snapshot}.
 */
@ProviderType
public interface ConnectionView {

    /** {@return its id, never used twice} */
    long id();

    /** {@return its zone, 0..65535} */
    int zone();

    /** {@return its IP protocol number} */
    int protocol();

    /** {@return whether it is of IPv6} */
    boolean v6();

    /** {@return its mark} */
    int mark();

    /** {@return the name of the helper that watches it, or null} */
    String helper();

    /** {@return whether the packet that the call is about, if there is one, travels in its reply direction} */
    boolean isReply();

    /** {@return whether a {@link Bypass} holds it} */
    boolean isHeld();

    /** {@return all there is to know of it now; allocates} */
    Connection snapshot();
}

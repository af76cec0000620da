// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import org.osgi.annotation.versioning.ConsumerType;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Where whoever forwards packets says which way they take, so that hardware can take it without him. A service; a
 * datapath does this for its packets, and an application with a packet path of its own may.
 *
 * <p>It costs nothing as long as {@link #wanted} is 0. If not, the packet path asks of its packets whether their
 * connections {@linkplain #wants want} a path, and offers the path of one that does, or says why there is none.
 *
 * <p><b>What a path promises.</b> Every later packet with the same ingress port, tags and tuple would take the same
 * way, until the path is withdrawn. Whoever offered it withdraws it when anything that it depends on changes: a flow, a
 * learned address, a port. Changes of the connections themselves (mark, label, end) withdraw it without him.
 *
 * <p>Every method may be called by any thread. None blocks but {@link Offered#await}.
 */
@ProviderType
public interface Paths {

    /** {@return how many directions of connections want a path now; one volatile read} */
    int wanted();

    /**
     * {@return whether a direction of a connection wants a path; allocates nothing, and is made to be asked of every
     * packet: most connections that want none are told by memory that stays in the processor's nearest cache}
     */
    boolean wants(long connectionId, boolean reply);

    /**
     * Offers a path to every provider that forwards, serves both of its ports and holds all of its connections. None of
     * its connections wants a path in this direction any more, until there is a reason to ask again.
     *
     * @param listener who is told what happens on it; if nobody takes it that it is gone, maybe before this returns
     * @return the path as offered, also if nobody took it
     */
    Offered offer(Path path, Listener listener);

    /**
     * Says that packets of a connection can't take a path, and why. It is asked again when its flows may have changed:
     * see {@link #changed}.
     *
     * @param reason in a few words for people, naming the flow
     */
    void refuse(long connectionId, boolean reply, String reason);

    /** Says that flows or ports have changed, so that what was {@linkplain #refuse refused} may be possible now. */
    void changed();

    /** A path that was offered. */
    @ProviderType
    interface Offered {

        /** {@return whether a provider may be forwarding on it} */
        boolean isHeld();

        /** Has all providers give it up, soon. Doing it again does nothing. */
        void withdraw(String why);

        /**
         * Waits until no provider holds it any more.
         *
         * @param timeoutNs nanoseconds to wait at the most
         * @return whether that is confirmed; a provider that does not answer is not forgotten
         */
        boolean await(long timeoutNs);
    }

    /** Is told what happens on a path, on threads of the manager. It must not block. */
    @ConsumerType
    interface Listener {

        /**
         * Packets have passed.
         *
         * @param packets packets since this was said last
         * @param bytes   their bytes, IP header included
         */
        default void passed(final long packets, final long bytes) {
        }

        /** No provider holds the path any more; this is the last call. */
        default void gone() {
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.Conntrack;

/** A service that makes datapaths of one's own. Thread-safe. */
@ProviderType
public interface DatapathFactory {

    /**
     * Makes a datapath without ports and flows.
     *
     * @param name      for people
     * @param conntrack the tracker that its {@code ct} actions call, and whose clock it goes by; sweeping it stays its
     *                  owner's task
     * @return the datapath, which the caller closes
     */
    PrivateDatapath create(String name, Conntrack conntrack);
}

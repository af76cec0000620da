// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.io.IOException;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;
import org.trackway.datapath.Datapath.Missing;

/**
 * A service that changes the flows of the container's own datapath for good: what was added here is there again after a
 * restart. Flows that programs add to the {@link Datapath} itself are theirs to add again, and are never saved.
 *
 * <p>A change is in force, and in the file, when the method returns. The whole file is written each time, and replaced
 * as a whole; many flows are better added at once. Any number of threads may call at any time; none of them carries
 * packets.
 */
@ProviderType
public interface SavedFlows {

    /**
     * Adds a flow as {@link Datapath#addFlow} does, and saves it.
     *
     * @throws FlowException if the text is not a flow, or one that can't be done; nothing has changed then
     * @throws IOException   if the flow is in force but could not be saved, saying why
     */
    void add(String text, Missing missing) throws IOException;

    /**
     * Adds flows as {@link Datapath#addFlows} does, all or none, and saves them.
     *
     * @return how many flows were added or replaced
     * @throws FlowException for the first line that is wrong, with its number; nothing has changed then
     * @throws IOException   if the flows are in force but could not be saved, saying why
     */
    int addAll(List<String> lines, Missing missing) throws IOException;

    /**
     * Removes flows as {@link Datapath#removeFlows} does, saved or not, and saves those that stay.
     *
     * @return how many were removed
     * @throws FlowException if the text is not a match
     * @throws IOException   if the flows are gone but this could not be saved, saying why
     */
    int remove(String match, boolean strict) throws IOException;
}

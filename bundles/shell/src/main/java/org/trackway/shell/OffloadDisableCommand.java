// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Switches offload off. */
@Service
@Command(scope = "offload", name = "disable", description = "Switches offload, or providers, off.",
    detailedDescription = """
    Acts at once and survives a restart. What is in hardware comes back into software without a lost packet.
    Examples:
      offload:disable
      offload:disable dummy
      offload:disable --wait nic0      it is off when nic0 comes
    """)
public final class OffloadDisableCommand extends OffloadSwitchCommand {

    @Override
    void run(final Console console, final Offload offload) throws IOException {
        change(console, offload, false);
    }
}

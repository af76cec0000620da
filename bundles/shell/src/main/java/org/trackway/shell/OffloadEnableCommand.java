// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Switches offload on. */
@Service
@Command(scope = "offload", name = "enable", description = "Switches offload, or providers, on.",
    detailedDescription = """
    Acts at once and survives a restart. Connections that are there already are offered, too.
    Examples:
      offload:enable
      offload:enable dummy
      offload:enable --wait nic0      it holds when nic0 comes
    """)
public final class OffloadEnableCommand extends OffloadSwitchCommand {

    @Override
    void run(final Console console, final Offload offload) throws IOException {
        change(console, offload, true);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.function.UnaryOperator;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/** A command that shows settings of the live tracker and changes them. */
abstract class SettingsCommand extends TrackwayCommand {

    @Reference
    Conntrack live;

    @Reference
    ConfigurationAdmin configurations;

    /** Changes the settings, for good, and returns those in force. */
    final ConntrackSettings change(final UnaryOperator<ConntrackSettings> change) throws IOException {
        return Settings.of(configurations, live).change(change);
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.SavedFlows;

/** A command about the live datapath. */
abstract class DatapathCommand extends TrackwayCommand {

    @Reference
    Datapath live;

    @Reference
    SavedFlows saved;

    @Reference
    ConfigurationAdmin configurations;

    /** {@return what adds and removes ports for good} */
    final PortSettings portSettings() {
        return new PortSettings(configurations, live, Path.of(System.getProperty("karaf.etc", "etc")));
    }

    /** {@return the lines of a file of flows} */
    final List<String> flowsFrom(final String file) throws IOException {
        try {
            return Files.readAllLines(path(file));
        } catch (final NoSuchFileException e) {
            throw new IOException(file + ": there is no such file", e);
        } catch (final CharacterCodingException e) {
            throw new IOException(file + " is not a text of flows", e);
        } catch (final IOException e) {
            throw new IOException(file + (Files.isDirectory(path(file)) ? " is a directory" : " can't be read"), e);
        }
    }

    /** {@return whether flows may name what is not there} */
    static Datapath.Missing missing(final boolean wait) {
        return wait ? Datapath.Missing.WAIT : Datapath.Missing.REFUSE;
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Hashtable;
import java.util.jar.JarEntry;
import java.util.jar.JarInputStream;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.service.cm.ConfigurationAdmin;

/** Simulated network cards: each one in a bundle of its own, or many in one. */
final class Cards {

    /** The bundle of simulated cards, and the name of their configurations. */
    static final String DUMMY = "org.trackway.provider.dummy";

    private final BundleContext context;
    private final ConfigurationAdmin configurations;

    Cards(final BundleContext context, final ConfigurationAdmin configurations) {
        this.context = context;
        this.configurations = configurations;
    }

    /** {@return the jar of the simulated card as it is shipped} */
    static byte[] jar() throws IOException {
        try (InputStream in = new URL("mvn:org.trackway/provider-dummy/" + Containers.VERSION).openStream()) {
            return in.readAllBytes();
        }
    }

    /** {@return the same under another symbolic name, so that both can be installed} */
    static byte[] jar(final String symbolicName) throws IOException {
        final ByteArrayOutputStream renamed = new ByteArrayOutputStream();
        try (JarInputStream in = new JarInputStream(new ByteArrayInputStream(jar()))) {
            final Manifest manifest = in.getManifest();
            manifest.getMainAttributes().putValue(Constants.BUNDLE_SYMBOLICNAME, symbolicName);
            try (JarOutputStream out = new JarOutputStream(renamed, manifest)) {
                for (JarEntry entry = in.getNextJarEntry(); entry != null; entry = in.getNextJarEntry()) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    in.transferTo(out);
                }
            }
        }
        return renamed.toByteArray();
    }

    /** {@return a card in a bundle of its own, installed and not started} */
    Bundle install(final String name) throws IOException, BundleException {
        return context.installBundle("card:" + name, new ByteArrayInputStream(jar(DUMMY + "." + name)));
    }

    /** Sets the card that is in a bundle of its own. */
    void configure(final String name, final String... settings) throws IOException {
        configurations.getConfiguration(DUMMY + "|" + DUMMY + "." + name, "?").update(properties(name, settings));
    }

    /** Plugs another card of the shipped bundle in, or changes its settings. */
    void plug(final String name, final String... settings) throws IOException {
        configurations.getFactoryConfiguration(DUMMY, name, "?").update(properties(name, settings));
    }

    /** Pulls such a card. */
    void pull(final String name) throws IOException {
        configurations.getFactoryConfiguration(DUMMY, name, "?").delete();
    }

    private static Hashtable<String, Object> properties(final String name, final String... settings) {
        final Hashtable<String, Object> properties = new Hashtable<>();
        properties.put("name", name);
        for (final String setting : settings) {
            final int equals = setting.indexOf('=');
            properties.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return properties;
    }
}

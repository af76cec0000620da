// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.ops4j.pax.exam.CoreOptions.maven;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;
import static org.ops4j.pax.exam.CoreOptions.systemTimeout;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.configureConsole;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.features;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.karafDistributionConfiguration;
import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.logLevel;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.karaf.options.LogLevelOption.LogLevel;
import org.ops4j.pax.exam.options.extra.VMOption;

/** The containers that the tests run in: our distribution, and Karaf as its own project ships it. */
final class Containers {

    /** The version of everything that is Trackway's. */
    static final String VERSION = System.getProperty("trackway.version");
    private static final String KARAF = System.getProperty("karaf.version");
    /** For a container to come up, on a machine that stands still meanwhile. */
    private static final long START_LIMIT_MS = 600_000;

    private Containers() {
    }

    /** {@return the distribution that the build just made, untouched but for its ports} */
    static Option[] distribution(final Option... more) {
        return container("karaf-distro.tar.gz", List.of(repository("exam")), more);
    }

    /** {@return a stock Karaf with a Maven repository in reach that holds Trackway, as after {@code mvn install}} */
    static Option[] stock(final Option... more) {
        return container("apache-karaf.tar.gz", List.of(repository("exam"), repository("stock")), more);
    }

    /** {@return the option that installs one of Karaf's own features} */
    static Option feature(final String name) {
        return features(maven("org.apache.karaf.features", "standard", KARAF)
            .type("xml").classifier("features"), name);
    }

    /** {@return the folder that holds the archives} */
    static Path directory() {
        return Path.of(System.getProperty("trackway.containers"));
    }

    private static String repository(final String name) {
        return directory().resolve(name).toUri() + "@id=" + name + "@snapshots";
    }

    private static Option[] container(final String archive, final List<String> repositories, final Option... more) {
        final List<Option> options = new ArrayList<>();
        options.add(karafDistributionConfiguration()
            .frameworkUrl(directory().resolve(archive).toUri().toString())
            .name(archive)
            .karafVersion(KARAF)
            .unpackDirectory(new File(System.getProperty("trackway.work")))
            .useDeployFolder(false));
        options.add(configureConsole().ignoreLocalConsole().ignoreRemoteShell());
        options.add(logLevel(LogLevel.INFO));
        options.add(systemTimeout(START_LIMIT_MS));
        options.add(editConfigurationFilePut("etc/org.ops4j.pax.url.mvn.cfg", "org.ops4j.pax.url.mvn.repositories",
            String.join(",", repositories)));
        // What comes from there is not to stay in the repository of whoever runs the build.
        options.add(editConfigurationFilePut("etc/org.ops4j.pax.url.mvn.cfg", "org.ops4j.pax.url.mvn.localRepository",
            Path.of(System.getProperty("trackway.work"), "repository").toString()));
        options.add(editConfigurationFilePut("etc/org.apache.karaf.management.cfg", "rmiRegistryPort", "21099"));
        options.add(editConfigurationFilePut("etc/org.apache.karaf.management.cfg", "rmiServerPort", "24444"));
        options.add(editConfigurationFilePut("etc/org.apache.karaf.shell.cfg", "sshPort", "28101"));
        // Tests read these on both sides.
        options.add(systemProperty("trackway.containers").value(directory().toString()));
        options.add(systemProperty("trackway.version").value(VERSION));
        options.add(systemProperty("trackway.soak").value(System.getProperty("trackway.soak", "100")));
        options.add(systemProperty("trackway.pairs").value(System.getProperty("trackway.pairs", "6")));
        options.add(systemProperty("trackway.capture").value(System.getProperty("trackway.capture")));
        for (final String vmOption : VM_OPTIONS) {
            options.add(new VMOption(vmOption));
        }
        options.addAll(Arrays.asList(more));
        return options.toArray(Option[]::new);
    }

    /** What {@code bin/karaf} gives a Java with modules. */
    private static final String[] VM_OPTIONS = {
        "-Xmx512m",
        "--add-reads=java.xml=java.logging",
        "--add-exports=java.base/org.apache.karaf.specs.locator=java.xml,ALL-UNNAMED",
        "--patch-module", "java.base=lib/endorsed/org.apache.karaf.specs.locator-" + KARAF + ".jar",
        "--patch-module", "java.xml=lib/endorsed/org.apache.karaf.specs.java.xml-" + KARAF + ".jar",
        "--add-opens", "java.base/java.security=ALL-UNNAMED",
        "--add-opens", "java.base/java.net=ALL-UNNAMED",
        "--add-opens", "java.base/java.lang=ALL-UNNAMED",
        "--add-opens", "java.base/java.util=ALL-UNNAMED",
        "--add-opens", "java.base/java.io=ALL-UNNAMED",
        "--add-opens", "java.naming/javax.naming.spi=ALL-UNNAMED",
        "--add-opens", "java.rmi/sun.rmi.transport.tcp=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.protocol.file=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.protocol.ftp=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.protocol.http=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.protocol.https=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.protocol.jar=ALL-UNNAMED",
        "--add-exports=java.base/sun.net.www.content.text=ALL-UNNAMED",
        "--add-exports=jdk.naming.rmi/com.sun.jndi.url.rmi=ALL-UNNAMED",
        "-classpath", "lib/jdk9plus/*" + File.pathSeparator + "lib/boot/*" + File.pathSeparator + "lib/endorsed/*",
    };
}

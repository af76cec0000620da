// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;
import org.trackway.packet.IpProtocol;

/** Shows and sets how connections are offloaded. */
@Service
@Command(scope = "offload", name = "settings", description = "Shows and sets how connections are offloaded.",
    detailedDescription = """
    What is set acts at once and survives a restart: it is in configuration org.trackway.offload. \
    offload:enable and offload:disable switch all of it, or a provider, on and off.
    Examples:
      offload:settings
      offload:settings --min-packets 20 --protocols tcp,udp
      offload:settings --zones 1,5          --zones all for every zone
      offload:settings --provider dummy --priority 10 --limit 5000
      offload:settings --provider dummy --priority own --limit none
    """)
public final class OffloadSettingsCommand extends OffloadCommand {

    private static final String ALL = "all";

    @Reference
    ConfigurationAdmin configurations;

    @Option(name = "--min-packets", description = "Packets that a connection must have had to be offered, 0 to 1000000")
    String minPackets;

    @Option(name = "--min-age", description = "Milliseconds that it must have lived, 0 to 3600000")
    String minAge;

    @Option(name = "--protocols", description = "Protocols that are offered, joined by commas, or all")
    String protocols;

    @Option(name = "--zones", description = "Zones that are offered, joined by commas, or all")
    String zones;

    @Option(name = "--queue-size", description = "What may wait for a provider, 64 to 1048576 notes")
    String queueSize;

    @Option(name = "--batch-size", description = "Operations handed to a provider at once, 1 to 4096")
    String batchSize;

    @Option(name = "--update-interval", description = "Milliseconds between two questions after traffic, 10 to 600000")
    String updateInterval;

    @Option(name = "--call-limit", description = "Milliseconds that an operation may take, 1 to 600000")
    String callLimit;

    @Option(name = "--close-limit", description = "Milliseconds that a provider has for its last calls, 1 to 600000")
    String closeLimit;

    @Option(name = "--max-failures",
        description = "Failures in a row that put a provider into quarantine, 1 to 1000000")
    String maxFailures;

    @Option(name = "--retry", description = "Milliseconds until one in quarantine is tried again, 1 to 3600000")
    String retry;

    @Option(name = "--provider", description = "Set --priority or --limit of this one")
    @Completion(ProviderNames.class)
    String provider;

    @Option(name = "--priority",
        description = "With --provider: its place, a higher one is asked first; own: as it says")
    String priority;

    @Option(name = "--limit",
        description = "With --provider: connections that it may hold, from 1 on; none: as many as it can")
    String limit;

    @Override
    void run(final Console console, final Offload offload) throws IOException {
        if (provider == null ? priority != null || limit != null : priority == null && limit == null) {
            throw new IllegalArgumentException("--priority and --limit go with --provider NAME, and it with them");
        }
        if (provider != null && !offload.settings().providers().containsKey(provider)) {
            provider(offload, provider);
        }
        final OffloadSettings now = Settings.of(configurations, offload).change(this::changed);
        final OffloadSettings usual = OffloadSettings.DEFAULT;
        new Table().text("Setting").number("Now").number("Default").text("Unit")
            .row("enabled", LimitsCommand.onOff(now.enabled()), LimitsCommand.onOff(usual.enabled()), null)
            .row("min-packets", now.minPackets(), usual.minPackets(), "packets before it is offered")
            .row("min-age", now.minAgeMs(), usual.minAgeMs(), "ms before it is offered")
            .row("protocols", text(now.protocols(), IpProtocol::name), ALL, null)
            .row("zones", text(now.zones(), Object::toString), ALL, null)
            .row("queue-size", now.queueSize(), usual.queueSize(), "notes for each provider")
            .row("batch-size", now.batchSize(), usual.batchSize(), "operations")
            .row("update-interval", now.updateIntervalMs(), usual.updateIntervalMs(), "ms")
            .row("call-limit", now.callLimitMs(), usual.callLimitMs(), "ms an operation")
            .row("close-limit", now.closeLimitMs(), usual.closeLimitMs(), "ms for a provider's last calls")
            .row("max-failures", now.maxFailures(), usual.maxFailures(), "in a row")
            .row("retry", now.retryMs(), usual.retryMs(), "ms, doubled each time")
            .print(console);
        if (!now.providers().isEmpty()) {
            final Table table = new Table().text("Provider").text("Enabled").number("Priority").number("Limit");
            new TreeMap<>(now.providers()).forEach((name, one) -> table.row(name, LimitsCommand.onOff(one.enabled()),
                one.priority().isPresent() ? one.priority().getAsInt() : "own",
                one.limit().isPresent() ? one.limit().getAsLong() : "none"));
            table.print(console);
        }
    }

    private static String text(final Set<Integer> numbers, final Function<Integer, String> name) {
        return numbers.isEmpty() ? ALL : numbers.stream().sorted().map(name).collect(Collectors.joining(","));
    }

    private OffloadSettings changed(final OffloadSettings old) {
        final OffloadSettings all = new OffloadSettings(old.enabled(),
            number("--min-packets", minPackets, old.minPackets(), 0, 1_000_000),
            number("--min-age", minAge, old.minAgeMs(), 0, 3_600_000),
            protocols == null ? old.protocols() : numbers(protocols, IpProtocol::parse),
            zones == null ? old.zones() : numbers(zones, Numbers::zone),
            number("--queue-size", queueSize, old.queueSize(), 64, 1 << 20),
            number("--batch-size", batchSize, old.batchSize(), 1, 4096),
            number("--update-interval", updateInterval, old.updateIntervalMs(), 10, 600_000),
            number("--call-limit", callLimit, old.callLimitMs(), 1, 600_000),
            number("--close-limit", closeLimit, old.closeLimitMs(), 1, 600_000),
            number("--max-failures", maxFailures, old.maxFailures(), 1, 1_000_000),
            number("--retry", retry, old.retryMs(), 1, 3_600_000), old.providers());
        if (provider == null) {
            return all;
        }
        final OffloadSettings.Provider one = old.provider(provider);
        return all.withProvider(provider, new OffloadSettings.Provider(one.enabled(),
            priority == null ? one.priority() : "own".equals(priority) ? OptionalInt.empty()
                : OptionalInt.of((int) Numbers.parse("--priority", priority, Integer.MIN_VALUE, Integer.MAX_VALUE)),
            limit == null ? one.limit() : "none".equals(limit) ? OptionalLong.empty()
                : OptionalLong.of(Numbers.parse("--limit", limit, 1, Long.MAX_VALUE))));
    }

    private static int number(final String name, final String text, final int old, final int min, final int max) {
        return text == null ? old : (int) Numbers.parse(name, text, min, max);
    }

    private static Set<Integer> numbers(final String text, final Function<String, Integer> number) {
        return ALL.equals(text) ? Set.of()
            : Arrays.stream(text.split(",")).map(String::trim).map(number).collect(Collectors.toSet());
    }
}

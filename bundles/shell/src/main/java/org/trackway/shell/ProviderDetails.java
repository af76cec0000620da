// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.spi.Capabilities;
import org.trackway.packet.IpProtocol;

/**
 * One offload provider in full: as lines for people and as JSON.
 *
 * @param status the provider
 * @param nowNs  the present on the tracker's clock
 */
record ProviderDetails(ProviderStatus status, long nowNs) {

    /** {@return the lines, name to value, in the order to print them} */
    Map<String, String> lines() {
        final Map<String, String> lines = new LinkedHashMap<>();
        final Capabilities can = status.capabilities();
        lines.put("Provider", status.name());
        lines.put("State", StoryText.name(status.state()) + " for " + Units.duration(forNs()));
        lines.put("Mode", can.mode() == Capabilities.Mode.FORWARDS
            ? "forwards: packets leave without flow table and tracker"
            : "tracks: packets go on in the flow table with their state");
        if (!can.detail().isEmpty()) {
            lines.put("Detail", can.detail());
        }
        lines.put("Priority", Integer.toString(status.priority()));
        lines.put("Protocols", all(names(can.protocols())));
        lines.put("IP versions", versions(can));
        lines.put("Translations", can.nat().isEmpty() ? "none"
            : can.nat().stream().sorted().map(StoryText::name).collect(Collectors.joining(", ")));
        lines.put("Zones", all(can.zones().stream().sorted().map(Object::toString).toList()));
        lines.put("Takes over", can.oneWay() ? "when a connection is committed" : "when both directions were seen");
        lines.put("Counters", can.counters() ? "packets and bytes" : "none, idle times only");
        lines.put("Batches", "up to " + Units.count(can.batchSize(), "operation"));
        lines.put("Ports", status.ports().isEmpty() ? "none yet" : String.join(", ", status.ports()));
        lines.put("Connections", status.held() + (status.limit() == 0 ? "" : " of at most " + status.limit()));
        lines.put("Paths", Long.toString(status.paths()));
        lines.put("Queued", Integer.toString(status.queued()));
        for (final ProviderStatus.Counter counter : ProviderStatus.Counter.values()) {
            lines.put(title(counter), Long.toString(count(counter)));
        }
        lines.put("Mean latency", Units.duration(status.meanLatencyNs()) + " an operation");
        lines.put("Longest call", Units.duration(status.maxLatencyNs()));
        lines.put("Last failure", status.lastFailure().orElse("none"));
        return lines;
    }

    private long forNs() {
        return Math.max(0, nowNs - status.sinceNs());
    }

    private long count(final ProviderStatus.Counter counter) {
        return status.counters().getOrDefault(counter, 0L);
    }

    private static String title(final ProviderStatus.Counter counter) {
        return counter.name().charAt(0) + StoryText.name(counter).substring(1);
    }

    private static List<String> names(final Set<Integer> protocols) {
        return protocols.stream().sorted().map(IpProtocol::name).toList();
    }

    private static String all(final List<String> some) {
        return some.isEmpty() ? "all" : String.join(", ", some);
    }

    private static String versions(final Capabilities can) {
        return can.v4() ? can.v6() ? "4, 6" : "4" : can.v6() ? "6" : "none";
    }

    /** {@return what JSON says of it} */
    Map<String, Object> json() {
        final Map<String, Object> json = new LinkedHashMap<>();
        final Capabilities can = status.capabilities();
        json.put("name", status.name());
        json.put("state", StoryText.name(status.state()));
        json.put("forMs", forNs() / 1_000_000);
        json.put("mode", StoryText.name(can.mode()));
        json.put("detail", can.detail());
        json.put("priority", status.priority());
        json.put("protocols", names(can.protocols()));
        json.put("v4", can.v4());
        json.put("v6", can.v6());
        json.put("translations", can.nat().stream().sorted().map(StoryText::name).toList());
        json.put("zones", can.zones().stream().sorted().toList());
        json.put("oneWay", can.oneWay());
        json.put("counts", can.counters());
        json.put("batchSize", can.batchSize());
        json.put("ports", status.ports());
        json.put("connections", status.held());
        json.put("limit", status.limit());
        json.put("paths", status.paths());
        json.put("queued", status.queued());
        final Map<String, Object> counters = new LinkedHashMap<>();
        for (final ProviderStatus.Counter counter : ProviderStatus.Counter.values()) {
            counters.put(StoryText.name(counter), count(counter));
        }
        json.put("counters", counters);
        json.put("meanLatencyNs", status.meanLatencyNs());
        json.put("maxLatencyNs", status.maxLatencyNs());
        json.put("lastFailure", status.lastFailure().orElse(null));
        return json;
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.Verification;
import org.trackway.offload.spi.Capabilities;

/** An offload manager that tells what a test puts in, and writes down what it is asked to do. */
final class FakeOffload implements Offload {

    final List<ProviderStatus> providers = new ArrayList<>();
    final Map<Long, OffloadStory> stories = new LinkedHashMap<>();
    final List<String> calls = new ArrayList<>();
    volatile OffloadSettings settings = OffloadSettings.DEFAULT;
    long left;

    /** A provider that forwards TCP of IPv4, for a second. */
    void provider(final String name, final ProviderStatus.State state, final Optional<String> failure) {
        provider(name, state, failure, "");
    }

    /** The same, which says something of itself. */
    void provider(final String name, final ProviderStatus.State state, final Optional<String> failure,
            final String detail) {
        final Map<ProviderStatus.Counter, Long> counters = new EnumMap<>(ProviderStatus.Counter.class);
        counters.put(ProviderStatus.Counter.ADDED, 4L);
        counters.put(ProviderStatus.Counter.FAILED, failure.isPresent() ? 1L : 0L);
        providers.add(new ProviderStatus(name, 3, Capabilities.FORWARDS.withProtocols(Set.of(6))
            .withVersions(true, false).withNat(Set.of(Capabilities.Translation.SOURCE)).withDetail(detail),
            state, 2_000_000_000L,
            List.of("in", "out"), 2, 4, 100, 7, counters, 12_000, 3_000_000, failure));
    }

    /** What one provider made of a connection, for a second. */
    void story(final long connection, final String provider, final OffloadState state, final boolean out,
            final boolean back, final String reason) {
        final List<OffloadStory.Chapter> chapters = new ArrayList<>(story(connection).chapters());
        chapters.add(new OffloadStory.Chapter(provider, state, out, back, reason, 2_000_000_000L));
        stories.put(connection, new OffloadStory(connection, "", chapters));
    }

    @Override
    public OffloadSettings settings() {
        return settings;
    }

    @Override
    public List<ProviderStatus> providers() {
        return providers;
    }

    @Override
    public OffloadState state(final long connectionId) {
        return story(connectionId).state();
    }

    @Override
    public OffloadStory story(final long connectionId) {
        return stories.getOrDefault(connectionId, new OffloadStory(connectionId, "", List.of()));
    }

    @Override
    public List<OffloadStory> held() {
        return stories.values().stream().filter(story -> story.state() != OffloadState.NONE).toList();
    }

    @Override
    public long drain(final String provider, final long timeoutNs) {
        calls.add("drain " + provider + " " + timeoutNs);
        return left;
    }

    @Override
    public void resume(final String provider) {
        calls.add("resume " + provider);
    }

    @Override
    public long flush(final String provider) {
        calls.add("flush " + provider);
        return 2;
    }

    @Override
    public Verification verify(final String provider, final long timeoutNs) {
        calls.add("verify " + provider + " " + timeoutNs);
        return switch (provider) {
            case "good" -> new Verification(provider, true, 5, 0, 0, 0);
            case "bad" -> new Verification(provider, true, 5, 1, 2, 1);
            default -> new Verification(provider, false, 0, 0, 0, 0);
        };
    }
}

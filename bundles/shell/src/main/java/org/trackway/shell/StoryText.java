// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;

/**
 * Why a connection is, or is not, in hardware, for people and as JSON.
 *
 * @param story what there is to say
 * @param nowNs the present on the tracker's clock
 */
record StoryText(OffloadStory story, long nowNs) {

    /** {@return where the connection's packets go} */
    String place() {
        final boolean out = story.chapters().stream().anyMatch(OffloadStory.Chapter::forwards);
        final boolean back = story.chapters().stream().anyMatch(OffloadStory.Chapter::forwardsBack);
        return out && back ? "in hardware" : out || back ? "half in hardware"
            : story.state() == OffloadState.NONE ? "in software" : "in software, known to hardware";
    }

    /** {@return where they go, why, and since when, in one line} */
    String line() {
        final List<String> reasons = story.reason().isEmpty()
            ? story.chapters().stream().map(this::chapter).toList() : List.of(story.reason());
        return place() + (reasons.isEmpty() ? "" : ": " + String.join("; ", reasons));
    }

    private String chapter(final OffloadStory.Chapter chapter) {
        final String reason = chapter.reason();
        final String what = chapter.state() == OffloadState.NONE
            ? chapter.provider() + (reason.isEmpty() ? " does not hold it" : ": " + reason)
            : chapter.provider() + " forwards " + directions(chapter) + (reason.isEmpty() ? "" : ", " + reason);
        return what + " (for " + since(chapter) + ")";
    }

    private static String directions(final OffloadStory.Chapter chapter) {
        return chapter.forwards() ? chapter.forwardsBack() ? "both directions" : "the original direction"
            : chapter.forwardsBack() ? "the reply direction" : "nothing yet";
    }

    /** {@return how long a provider has seen it that way} */
    String since(final OffloadStory.Chapter chapter) {
        return Units.duration(Math.max(0, nowNs - chapter.sinceNs()));
    }

    /** {@return what JSON says of it} */
    Map<String, Object> json() {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("state", name(story.state()));
        json.put("reason", story.reason());
        json.put("providers", story.chapters().stream().map(this::json).toList());
        return json;
    }

    private Map<String, Object> json(final OffloadStory.Chapter chapter) {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("provider", chapter.provider());
        json.put("state", name(chapter.state()));
        json.put("forwards", chapter.forwards());
        json.put("forwardsBack", chapter.forwardsBack());
        json.put("reason", chapter.reason());
        json.put("forMs", Math.max(0, nowNs - chapter.sinceNs()) / 1_000_000);
        return json;
    }

    /** {@return how a state or a mode is written} */
    static String name(final Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}

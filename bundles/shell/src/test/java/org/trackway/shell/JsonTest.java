// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.trackway.packet.IpAddress;

class JsonTest {

    @Test
    void everyKindOfValueIsWritten() {
        final Map<String, Object> value = new LinkedHashMap<>();
        value.put("number", -5L);
        value.put("truth", true);
        value.put("nothing", null);
        value.put("list", Arrays.asList(1, "a", null));
        value.put("map", Map.of("k", "v"));
        value.put("address", IpAddress.parse("fc00::1"));

        assertThat(Json.write(value))
            .isEqualTo("{\"number\":-5,\"truth\":true,\"nothing\":null,\"list\":[1,\"a\",null],"
            + "\"map\":{\"k\":\"v\"},\"address\":\"fc00::1\"}");
    }

    @Test
    void emptyMapsAndListsAreWritten() {
        assertThat(Json.write(Map.of())).isEqualTo("{}");
        assertThat(Json.write(List.of())).isEqualTo("[]");
    }

    @Test
    void whatWouldEndATextIsEscaped() {
        assertThat(Json.write("a\"b\\c\nd\re\tf\u0001g")).isEqualTo("\"a\\\"b\\\\c\\nd\\re\\tf\\u0001g\"");
    }

    @Property
    void aTextIsOneLineAndEndsWhereItShould(@ForAll final String text) {
        final String json = Json.write(text);

        assertThat(json.chars().allMatch(c -> c >= ' ')).isTrue();
        assertThat(json.substring(1, json.length() - 1).replaceAll("\\\\(u[0-9a-f]{4}|.)", ""))
            .doesNotContain("\"", "\\");
    }
}

// SPDX-License-Identifier: Apache-2.0
package com.example.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the guide shows is what is built here. */
class GuideTest {

    private static final Path GUIDE = Path.of("../../bundles/offload-api/README.md");

    @ParameterizedTest
    @ValueSource(strings = {"main/java/com/example/notebook/NotebookProvider.java",
        "test/java/com/example/notebook/NotebookProviderTest.java"})
    void theGuideShowsTheSources(final String file) throws IOException {
        final String source = Files.readString(Path.of("src", file));
        assertThat(Files.readString(GUIDE)).contains("```java\n" + source.substring(source.indexOf("package")) + "```");
    }

    @Test
    void theGuideShowsThePom() throws IOException {
        final String pom = Files.readString(Path.of("pom.xml"));
        assertThat(Files.readString(GUIDE)).contains("```xml\n" + pom.substring(pom.indexOf("  <dependencies>"),
            pom.indexOf("      <!-- The rest")) + "```");
    }
}

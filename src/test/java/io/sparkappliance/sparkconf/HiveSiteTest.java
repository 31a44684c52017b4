package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.sparkappliance.settings.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HiveSiteTest {
  private final Problems problems = new Problems();

  @Test
  void readsNamesAndValues() {
    HiveSite site =
        parse(
            """
            <?xml version="1.0"?>
            <?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
            <configuration>
              <!-- where tables are -->
              <property><name> hive.a </name><value>1 &amp; 2</value><final>true</final></property>
              <property><name>hive.b</name><value><![CDATA[<x>]]></value></property>
              <property><name>hive.empty</name></property>
              <property><name>hive.a</name><value>again</value></property>
            </configuration>
            """);
    assertThat(problems.list()).isEmpty();
    assertThat(site.properties())
        .containsExactly(entry("hive.a", "again"), entry("hive.b", "<x>"), entry("hive.empty", ""));
  }

  @Test
  void theWholeFileAsWritten() {
    HiveSite site = new HiveSite(new TreeMap<>(Map.of("hive.b", "x & <y>", "hive.a", "1")));
    assertThat(site.render())
        .isEqualTo(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- Written by spark-appliance at each start: changes here are lost. -->
            <configuration>
              <property>
                <name>hive.a</name>
                <value>1</value>
              </property>
              <property>
                <name>hive.b</name>
                <value>x &amp; &lt;y&gt;</value>
              </property>
            </configuration>
            """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a&b<c>d\"e'f", " spaces ", "line\nbreak\r", "ünïcödé 🎈", "]]>"})
  void whatIsWrittenIsReadBack(String value) {
    assertThat(parse(new HiveSite(new TreeMap<>(Map.of("k", value))).render()).properties())
        .containsExactly(entry("k", value));
  }

  @Test
  void theStrongerFileReplacesSingleKeys() {
    HiveSite weak = new HiveSite(new TreeMap<>(Map.of("a", "1", "b", "1")));
    HiveSite strong = new HiveSite(new TreeMap<>(Map.of("b", "2")));
    assertThat(weak.overriddenBy(strong).properties())
        .containsExactly(entry("a", "1"), entry("b", "2"));
  }

  @Test
  void externalEntitiesReadNoFile(@TempDir Path directory) throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "top secret");
    HiveSite site =
        parse(
            """
            <!DOCTYPE configuration [<!ENTITY x SYSTEM "%s">]>
            <configuration><property><name>a</name><value>&x;</value></property></configuration>
            """
                .formatted(secret.toUri()));
    assertThat(site.properties()).isEmpty();
    assertThat(problems.list())
        .singleElement()
        .asString()
        .startsWith("HIVE_SITE_XML: it is no XML that can be used")
        .contains("DOCTYPE")
        .doesNotContain("top secret");
  }

  @Test
  void inclusionsAreRefusedRatherThanLost() {
    parse(
        """
        <configuration xmlns:xi="http://www.w3.org/2001/XInclude">
          <xi:include href="file:///etc/passwd" parse="text"/>
        </configuration>
        """);
    assertThat(problems.list()).extracting(p -> p.value()).containsExactly("<xi:include>");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not xml",
        "<configuration>",
        "<html><body>Please log in</body></html>",
        "<configuration><property><value>1</value></property></configuration>"
      })
  void whatIsNoHiveSiteIsRefused(String text) {
    assertThat(parse(text).properties()).isEmpty();
    assertThat(problems.list()).hasSize(1);
  }

  private HiveSite parse(String text) {
    return HiveSite.parse(text, "HIVE_SITE_XML", problems);
  }
}

package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogNamesTest {
  private static final Instant TIME = Instant.parse("2026-03-04T05:06:07.089Z");

  @Test
  void aPieceIsNamedAfterTheTimeOfItsFirstLineAndItsBytes() {
    ChunkName name = new ChunkName(TIME, 120, 4567);
    assertThat(name).hasToString("20260304T050607089Z-0000000000000120-0000000000004567");
    assertThat(name.date()).isEqualTo("2026-03-04");
    assertThat(ChunkName.parse(name.toString())).contains(name);
    assertThat(ChunkName.parse(name.unfinished())).contains(new ChunkName(TIME, 120, 120));
  }

  @Test
  void theManualShowsWhereAPieceIs() {
    ChunkName name = new ChunkName(TIME, 0, 4567);
    assertThat(Path.of("docs/operations.md"))
        .content()
        .contains(
            "\ns3://bucket/prefix/"
                + new LogOwner("STACK", "INSTANCE").place("ROLE")
                + "/%s/%s%s\n".formatted(name.date(), name, UnshippedLog.PACKED));
  }

  @Test
  void namesSortAsTheirPiecesWereWritten() {
    List<ChunkName> inOrder =
        List.of(
            new ChunkName(TIME, 0, 9),
            new ChunkName(TIME, 9, 100),
            new ChunkName(TIME, 100, 1_000_000_000_000L),
            new ChunkName(TIME.plusMillis(1), 1_000_000_000_000L, 1_000_000_000_001L),
            new ChunkName(TIME.plusSeconds(86_400), 0, 1));
    assertThat(inOrder).isSorted();
    assertThat(inOrder.stream().map(ChunkName::toString)).isSorted();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "20260304T050607089Z", "20269904T050607089Z-0000000000000120"})
  void whatIsNoNameIsNone(String text) {
    assertThat(ChunkName.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "spark, node-1.example.com, sql, spark/node-1.example.com/sql",
    "../.., /etc, .., __../_etc/_",
    "'', ., a/b, _/_/a_b",
    "spark, [::1], 'x\ny', spark/___1_/x_y",
    ".hidden, ünï, '..%2f', _hidden/_n_/__2f",
  })
  void noNameLeadsOutOfItsPlace(String stack, String instance, String role, String place) {
    assertThat(new LogOwner(stack, instance).place(role)).isEqualTo(place);
  }

  @Test
  void noNameIsTooLong() {
    LogOwner owner = new LogOwner("s".repeat(1000), "i".repeat(1000));
    assertThat(owner.place("r".repeat(1000)).split("/")).allMatch(part -> part.length() == 253);
  }
}

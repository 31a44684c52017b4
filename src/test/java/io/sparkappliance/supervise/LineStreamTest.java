package io.sparkappliance.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineStreamTest {
  @Test
  void handsOverWholeLinesInTheirOrder() {
    List<String> lines = new ArrayList<>();
    PrintStream stream = new PrintStream(new LineStream(lines::add), true, StandardCharsets.UTF_8);
    stream.print("be");
    assertThat(lines).isEmpty();
    stream.print("gun\nnext: ä\r\nnot yet");
    assertThat(lines).containsExactly("begun", "next: ä");
    stream.println();
    assertThat(lines).containsExactly("begun", "next: ä", "not yet");
  }
}

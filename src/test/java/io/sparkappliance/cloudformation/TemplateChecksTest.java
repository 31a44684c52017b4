package io.sparkappliance.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What others that read templates say of ours. */
class TemplateChecksTest {
  private static final Duration MOST = Duration.ofMinutes(3);

  @Test
  void cfn_lint_has_nothing_to_say() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Programs.of("aws", "cfn-lint").toString()));
    Template.all().forEach(file -> command.add(file.toString()));
    assertThat(Programs.run(MOST, Map.of(), command)).isEqualTo(new Programs.Output(0, ""));
  }

  @Test
  void checkov_has_nothing_to_say() throws IOException, InterruptedException {
    Programs.Output output =
        Programs.run(
            MOST,
            // Otherwise it asks its maker's server first.
            Map.of("BC_SKIP_MAPPING", "TRUE"),
            List.of(
                Programs.of("checkov", "checkov").toString(),
                "--skip-download",
                "--quiet",
                "--compact",
                "--framework",
                "cloudformation",
                "--directory",
                "cloudformation"));
    assertThat(output.text())
        .contains("Failed checks: 0,")
        .containsPattern("Passed checks: \\d{2}");
    assertThat(output.exitCode()).isZero();
  }

  @Test
  void what_checkov_is_told_to_skip_has_its_reason_beside_it() throws IOException {
    Pattern skip = Pattern.compile("CKV\\w+");
    for (Path file : Template.all()) {
      try (Stream<String> lines = Files.lines(file)) {
        assertThat(lines.filter(line -> skip.matcher(line).find()))
            .allSatisfy(line -> assertThat(line).matches(" *- \\{id: CKV\\w+, comment: .{20,}}"));
      }
    }
  }
}

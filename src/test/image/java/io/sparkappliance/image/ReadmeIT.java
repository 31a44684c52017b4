package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What the README tells people to paste, pasted. */
@ResourceLock(Lab.HOST_PORTS)
final class ReadmeIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
  private static final List<String> NAMES = List.of("node", "master", "worker", "gateway");

  @BeforeEach
  void mustNotDisturbSomebody() {
    for (String name : NAMES) {
      assertThat(Docker.ok("ps", "--all", "--quiet", "--filter", "name=^" + name + "$"))
          .as("containers called %s: the README's names have to be free", name)
          .isEmpty();
    }
  }

  @AfterEach
  void remove() {
    NAMES.forEach(name -> Docker.run(Duration.ofMinutes(1), "rm", "--force", "--volumes", name));
    Docker.run(Duration.ofMinutes(1), "volume", "rm", "--force", "spark-data");
    Docker.run(Duration.ofMinutes(1), "network", "rm", "spark");
  }

  /** As people type it, but that no container asks for the metadata of this machine. */
  private static final String NO_METADATA =
      """
      docker() {
        if [ "$1" = run ]; then shift; set -- run --env AWS_EC2_METADATA_DISABLED=true "$@"; fi
        command docker "$@"
      }
      """;

  @Test
  void everyBlockWorksInTurn() throws IOException {
    Matcher matcher = BLOCK.matcher(Files.readString(Path.of("README.md")));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    assertThat(blocks).hasSizeGreaterThanOrEqualTo(9);
    StringBuilder printed = new StringBuilder();
    for (String block : blocks) {
      Docker.Output output =
          Docker.Commands.run(
              Duration.ofMinutes(4), List.of("bash", "-eu", "-c", NO_METADATA + block));
      assertThat(output.exitCode()).as("%s%n%s", block, output.all()).isZero();
      printed.append(output.out());
    }
    assertThat(printed)
        .contains("| 42 ", "10 rows", "| 499500 ")
        .containsPattern("(?s)(pi is about 3\\.1.*){3}");
  }
}

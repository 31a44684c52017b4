package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkJarsTest {
  @TempDir Path spark;

  private Path jars;

  @BeforeEach
  void distribution() throws IOException {
    jars = Files.createDirectories(spark.resolve("jars"));
    Files.createFile(jars.resolve("a.jar"));
    Files.createFile(jars.resolve("z.jar"));
  }

  @Test
  void distributionsWithoutAStartupCacheAreTakenAsTheyAre() {
    assertThat(SparkJars.of(spark))
        .isEqualTo(new SparkJars(List.of(), List.of(jars + "/*"), Optional.empty()));
  }

  @Test
  void theOrderThatTheStartupCacheWasMadeWithIsKept() throws IOException {
    Path cache = cache("z.jar", "a.jar");
    assertThat(SparkJars.of(spark))
        .isEqualTo(
            new SparkJars(
                List.of(jars.resolve("z.jar").toString(), jars.resolve("a.jar").toString()),
                List.of(),
                Optional.of(cache)));
  }

  @Test
  void jarsThatSomebodyAddedAreKeptApart() throws IOException {
    cache("a.jar", "z.jar");
    Files.createFile(jars.resolve("mine.jar"));
    assertThat(SparkJars.of(spark).others()).containsExactly(jars.resolve("mine.jar").toString());
  }

  private Path cache(String first, String second) throws IOException {
    Path aot = Files.createDirectories(spark.resolve("aot"));
    Files.writeString(aot.resolve("classpath"), jars.resolve(first) + ":" + jars.resolve(second));
    return Files.createFile(aot.resolve("spark.aot"));
  }
}

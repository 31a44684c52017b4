package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What {@code docs/migrating.md} promises to people who come from other images. */
class MigratingTest {
  private static final Pattern COMPOSE = Pattern.compile("(?s)```yaml\n(.*?)```");
  private JsonNode services;

  @BeforeEach
  void read() throws IOException {
    Matcher file = COMPOSE.matcher(Files.readString(Path.of("docs/migrating.md")));
    assertThat(file.find()).isTrue();
    Object compose = new Yaml(new SafeConstructor(new LoaderOptions())).load(file.group(1));
    services = new ObjectMapper().valueToTree(compose).path("services");
  }

  private Map<String, String> environment(String service) {
    Map<String, String> environment = new HashMap<>();
    services
        .path(service)
        .path("environment")
        .forEach(
            line -> {
              String[] pair = line.asText().split("=", 2);
              environment.put(pair[0], pair[1]);
            });
    assertThat(environment).isNotEmpty();
    return environment;
  }

  private static SettingsReader.Result settings(Map<String, String> environment) {
    return SettingsReader.read(environment, path -> "unused", SecretSource.NOT_ASKED);
  }

  @Test
  void a_master_of_another_image_is_a_master() {
    assertThat(settings(environment("spark")).settings().roles()).containsExactly(Role.MASTER);
  }

  @Test
  void its_worker_is_a_worker_with_the_size_it_was_given() {
    Settings worker = settings(environment("spark-worker")).settings();
    assertThat(worker.roles()).containsExactly(Role.WORKER);
    assertThat(resolved("spark-worker"))
        .containsEntry("MASTER_STACK_NAME", "spark://spark:7077")
        .containsEntry("SPARK_WORKER_MEMORY", "1G")
        .containsEntry("SPARK_WORKER_CORES", "1")
        .containsEntry("SPARK_RPC_AUTHENTICATION_ENABLED", "no");
  }

  private Map<String, String> resolved(String service) {
    Map<String, String> values = new HashMap<>();
    settings(environment(service))
        .resolved()
        .forEach(variable -> values.put(variable.name(), variable.value()));
    return values;
  }

  @Test
  void roles_add_up_with_the_mode() {
    Map<String, String> more = environment("spark");
    more.put("START_THRIFTSERVER", "true");
    more.put("START_WEBAPP", "true");
    assertThat(Set.copyOf(settings(more).settings().roles()))
        .containsExactlyInAnyOrder(Role.MASTER, Role.THRIFTSERVER, Role.GATEWAY);
  }
}

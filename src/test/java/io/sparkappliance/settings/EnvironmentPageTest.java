package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class EnvironmentPageTest {
  @Test
  void the_page_in_the_repository_is_what_the_catalogue_says_now() throws IOException {
    assertThat(Path.of("docs/environment.md"))
        .as("run `make docs`")
        .content()
        .isEqualTo(EnvironmentPage.render());
  }

  @Test
  void what_is_passed_on_is_there_with_its_meaning() {
    String page = EnvironmentPage.render();
    for (String name : PassedOn.names()) {
      assertThat(page).contains("\n| `" + name + "` | ");
      if (name.startsWith("AWS_") || name.toLowerCase(Locale.ROOT).endsWith("_proxy")) {
        assertThat(page).doesNotContain("\n| `" + name + "` | As on any system.");
      }
    }
  }

  @Test
  void every_name_of_the_contract_is_in_the_catalogue() throws IOException {
    String page = Files.readString(Path.of("docs/environment.md"));
    assertThat(
            "APPLICATION_ID APPLICATION_VERSION CLUSTER_SIZE START_MASTER START_WORKER"
                + " START_THRIFTSERVER START_WEBAPP START_NOTEBOOK ZOOKEEPER_STACK_NAME"
                + " MASTER_STACK_NAME DEFAULT_CORES EXECUTOR_MEMORY DRIVER_MEMORY HIVE_SITE_XML"
                + " EXT_JARS PYTHON_LIBS EXT_CONF AUTH_URL TOKENINFO_URL OAUTH2_SCOPE"
                + " START_CONNECT START_HISTORYSERVER START_ZOOKEEPER SPARK_MODE"
                + " SPARK_MASTER_URL SPARK_RPC_AUTHENTICATION_ENABLED"
                + " SPARK_RPC_AUTHENTICATION_SECRET SPARK_RPC_ENCRYPTION_ENABLED"
                + " SPARK_LOCAL_STORAGE_ENCRYPTION_ENABLED SPARK_SSL_ENABLED"
                + " SPARK_WORKER_CORES SPARK_WORKER_MEMORY SPARK_WORKER_PORT"
                + " SPARK_WORKER_WEBUI_PORT SPARK_MASTER_PORT SPARK_MASTER_WEBUI_PORT"
                + " SPARK_PUBLIC_DNS SPARK_METRICS_ENABLED ZOOKEEPER_CONNECT")
        .satisfies(
            names -> {
              for (String name : names.split(" ")) {
                assertThat(page).contains("`" + name + "`");
              }
            });
  }
}

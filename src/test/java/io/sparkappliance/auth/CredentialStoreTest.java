package io.sparkappliance.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialStoreTest {
  @TempDir Path data;

  private Settings settings(String... namesAndValues) {
    Map<String, String> environment = new HashMap<>();
    environment.put("START_MASTER", "true");
    environment.put("START_WORKER", "true");
    environment.put("SPARK_APPLIANCE_DATA", data.toString());
    for (int i = 0; i < namesAndValues.length; i += 2) {
      environment.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return SettingsReader.read(environment, Files::readString).settings();
  }

  private CredentialStore.Loaded load(String... namesAndValues) {
    Settings settings = settings(namesAndValues);
    return new CredentialStore(settings.paths().secrets()).load(settings);
  }

  @Test
  void the_first_start_makes_secrets_that_only_the_owner_can_read() throws IOException {
    var loaded = load();
    assertThat(loaded.unseen()).isTrue();
    assertThat(loaded.credentials().apiToken().reveal()).hasSize(32);
    assertThat(loaded.credentials().rpcSecret()).isPresent();
    assertThat(mode("secrets")).isEqualTo("rwx------");
    assertThat(mode("secrets/api-token")).isEqualTo("rw-------");
    assertThat(mode("secrets/rpc-secret")).isEqualTo("rw-------");
    try (var files = Files.list(data.resolve("secrets"))) {
      assertThat(files).hasSize(2);
    }
  }

  private String mode(String file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(file)));
  }

  @Test
  void the_next_start_finds_the_same_secrets() throws IOException {
    var first = load();
    var second = load();
    assertThat(second.unseen()).as("a start that failed showed nothing").isTrue();
    assertThat(second.credentials()).isEqualTo(first.credentials());
    new CredentialStore(data.resolve("secrets")).shown();
    assertThat(load().unseen()).isFalse();
    assertThat(load().credentials()).isEqualTo(first.credentials());
  }

  @Test
  void a_client_takes_what_is_kept_or_given_and_keeps_nothing() throws IOException {
    var node = load().credentials();
    CredentialStore store = new CredentialStore(data.resolve("secrets"));
    assertThat(store.look(settings())).isEqualTo(node);
    assertThat(store.look(settings("API_TOKEN", "another-token-1")).apiToken())
        .isEqualTo(new Secret("another-token-1"));
    assertThat(load().credentials()).isEqualTo(node);
    CredentialStore none = new CredentialStore(data.resolve("none"));
    assertThat(none.look(settings()).apiToken().reveal()).hasSize(32);
    assertThat(data.resolve("none")).doesNotExist();
  }

  @Test
  void a_given_token_replaces_the_one_that_was_kept() throws IOException {
    load();
    var loaded = load("API_TOKEN", "given-token-1");
    assertThat(loaded.unseen()).isFalse();
    assertThat(loaded.credentials().apiToken()).isEqualTo(new Secret("given-token-1"));
    assertThat(loaded.credentials().notebookToken()).isEqualTo(new Secret("given-token-1"));
    assertThat(data.resolve("secrets/api-token")).hasContent("given-token-1\n");
  }

  @Test
  void a_cluster_secret_is_not_made_where_other_nodes_would_have_to_know_it() {
    assertThat(load("CLUSTER_SIZE", "2").credentials().rpcSecret()).isEmpty();
    assertThat(load("SPARK_RPC_AUTHENTICATION_ENABLED", "no").credentials().rpcSecret()).isEmpty();
    assertThat(
            load("CLUSTER_SIZE", "2", "SPARK_RPC_AUTHENTICATION_SECRET", "shared-secret")
                .credentials()
                .rpcSecret())
        .contains(new Secret("shared-secret"));
  }

  @Test
  void a_data_directory_that_is_a_file_is_explained() throws IOException {
    Path file = Files.createFile(data.resolve("file"));
    Settings settings = settings("SPARK_APPLIANCE_DATA", file.toString());
    assertThatThrownBy(() -> new CredentialStore(settings.paths().secrets()).load(settings))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("SPARK_APPLIANCE_DATA=" + file)
        .hasMessageContaining("docker run -u");
  }
}

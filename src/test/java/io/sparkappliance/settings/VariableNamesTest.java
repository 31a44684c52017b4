package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariableNamesTest {
  private static VariableNames names(String... patterns) {
    return VariableNames.parse(List.of(patterns)).orElseThrow();
  }

  @Test
  void a_name_is_allowed_as_a_whole() {
    VariableNames names = names("APP_*", "STAGE", "*_URL", "A*Z");
    for (String name : List.of("APP_", "APP_MODE", "STAGE", "DB_URL", "AZ", "A_Z")) {
      assertThat(names.allow(name)).as(name).isTrue();
    }
    for (String name : List.of("APP", "XAPP_A", "STAGES", "stage", "DB_URLS", "A", "")) {
      assertThat(names.allow(name)).as(name).isFalse();
    }
    assertThat(names("none").allow("APP_MODE")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PATH",
        "Path",
        "HOME",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "JAVA_HOME",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "_JAVA_OPTIONS",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYSPARK_PYTHON",
        "SPARK_HOME",
        "SPARK_APPLIANCE_NOTE",
        "_SPARK_AUTH_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "HADOOP_CONF_DIR",
        "BASH_ENV",
        "BASH_FUNC_x",
        "IFS",
        "HTTPS_PROXY",
        "https_proxy",
        "R_HOME",
        "SSL_CERT_FILE"
      })
  void some_are_allowed_to_nobody(String name) {
    assertThat(VariableNames.isReserved(name)).isTrue();
    assertThat(names("*").allow(name)).isFalse();
    assertThat(VariableNames.parse(List.of("APP_*", name))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "A-B", "1A", "A=B", "SPARK_*", "LD_*", "A.B"})
  void what_is_no_pattern_is_none(String text) {
    assertThat(VariableNames.parse(List.of(text))).isEmpty();
  }
}

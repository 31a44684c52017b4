package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the process that speaks to masters has said. */
class SparkDriversTest {
  @Test
  void what_a_virtual_machine_says_is_no_answer() {
    assertThat(SparkDrivers.answer("asking\naccepted driver-1\n")).isEqualTo("accepted driver-1");
    assertThat(SparkDrivers.answer("asking\n[1.2s][warning][os] no memory\n")).isEqualTo("asking");
    assertThat(SparkDrivers.answer("asking\naccepted driver-1\nOpenJDK 64-Bit Server VM warning\n"))
        .isEqualTo("accepted driver-1");
    assertThat(SparkDrivers.answer("Error: Could not find or load main class\n")).isEmpty();
    assertThat(SparkDrivers.answer("")).isEmpty();
  }
}

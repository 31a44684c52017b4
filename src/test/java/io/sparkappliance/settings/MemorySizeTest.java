package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
  @ParameterizedTest
  @CsvSource({
    "512, 536870912",
    "512m, 536870912",
    "512MB, 536870912",
    "2g, 2147483648",
    "2 GiB, 2147483648",
    "1k, 1024",
    "1t, 1099511627776",
    "100b, 100",
  })
  void reads_sizes_as_spark_writes_them(String text, long bytes) {
    assertThat(MemorySize.parseBytes(text, 'm')).isEqualTo(OptionalLong.of(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "g", "-1g", "1.5g", "2x", "999999999999999t", "2 g b"})
  void refuses_what_is_no_size(String text) {
    assertThat(MemorySize.parseBytes(text, 'm')).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"2048, 2g", "1536, 1536m", "0, 0m"})
  void writes_sizes_as_the_jvm_takes_them(long mebibytes, String text) {
    assertThat(MemorySize.ofMebibytes(mebibytes)).hasToString(text);
  }
}

package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentTextTest {
  @Test
  void splits_at_any_white_space() {
    assertThat(ArgumentText.split("job_args", " a\tb\n  c ")).containsExactly("a", "b", "c");
    assertThat(ArgumentText.split("job_args", "")).isEmpty();
  }

  @Test
  void respects_quotes_and_backslashes() {
    assertThat(ArgumentText.split("job_args", "'a b' \"c d\" e'f g'\"h i\" '' \"\" j\\ k"))
        .containsExactly("a b", "c d", "ef gh i", "", "", "j k");
    assertThat(ArgumentText.split("job_args", "\"say \\\"x\\\"\" \"\\\\ \\n\" '\\'"))
        .containsExactly("say \"x\"", "\\ \\n", "\\");
  }

  @Test
  void expands_nothing() {
    assertThat(ArgumentText.split("job_args", "$HOME `id` $(id) *.py a;b a|b >f &"))
        .containsExactly("$HOME", "`id`", "$(id)", "*.py", "a;b", "a|b", ">f", "&");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a 'b  | the quote ' at position 3 is never closed",
        "a \"b | the quote \" at position 3 is never closed",
        "a\\    | ends in a backslash: nothing follows that it could protect",
      })
  void says_what_is_wrong(String text, String reason) {
    assertThatThrownBy(() -> ArgumentText.split("job_args", text))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage(reason)
        .extracting(e -> ((InvalidRequestException) e).field())
        .isEqualTo("job_args");
  }

  @Test
  void refuses_nul() {
    assertThatThrownBy(() -> ArgumentText.split("job_args", "a 'b\0'")).hasMessageContaining("NUL");
    assertThatThrownBy(() -> ArgumentText.split("job_args", "a\0")).hasMessageContaining("NUL");
  }
}

package io.sparkappliance.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentTextTest {
  @Test
  void splits_at_any_white_space() {
    assertThat(ArgumentText.split(" a\tb\n  c ")).containsExactly("a", "b", "c");
    assertThat(ArgumentText.split("")).isEmpty();
  }

  @Test
  void respects_quotes_and_backslashes() {
    assertThat(ArgumentText.split("'a b' \"c d\" e'f g'\"h i\" '' \"\" j\\ k"))
        .containsExactly("a b", "c d", "ef gh i", "", "", "j k");
    assertThat(ArgumentText.split("\"say \\\"x\\\"\" \"\\\\ \\n\" '\\'"))
        .containsExactly("say \"x\"", "\\ \\n", "\\");
  }

  @Test
  void expands_nothing() {
    assertThat(ArgumentText.split("$HOME `id` $(id) *.py a;b a|b >f &"))
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
    assertThatThrownBy(() -> ArgumentText.split(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }

  @Test
  void refuses_nul() {
    assertThatThrownBy(() -> ArgumentText.split("a 'b\0'")).hasMessageContaining("NUL");
    assertThatThrownBy(() -> ArgumentText.split("a\0")).hasMessageContaining("NUL");
  }
}

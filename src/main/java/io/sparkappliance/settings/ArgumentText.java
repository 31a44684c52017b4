package io.sparkappliance.settings;

import java.util.ArrayList;
import java.util.List;

/**
 * Arguments written in one line, as a shell reads them: separated by white space, {@code '…'} keeps
 * everything, {@code "…"} keeps everything but {@code \"} and {@code \\}, a backslash elsewhere
 * keeps the next character. Nothing is ever expanded.
 */
public final class ArgumentText {
  private final String text;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;

  private ArgumentText(String text) {
    this.text = text;
  }

  /**
   * Splits the text.
   *
   * @param text the line; may be empty
   * @throws IllegalArgumentException when a quote is not closed, or a character can't be part of an
   *     argument; the message says so in words that go on after the name of a field
   */
  public static List<String> split(String text) {
    return new ArgumentText(text).split();
  }

  private List<String> split() {
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      switch (c) {
        case '\0' -> throw new IllegalArgumentException("must not contain a NUL character");
        case '\'' -> at = single(at);
        case '"' -> at = doubled(at);
        case '\\' -> {
          at++;
          if (at == text.length()) {
            throw new IllegalArgumentException(
                "ends in a backslash: nothing follows that it could protect");
          }
          add(text.charAt(at));
        }
        default -> {
          if (Character.isWhitespace(c)) {
            end();
          } else {
            add(c);
          }
        }
      }
      at++;
    }
    end();
    return List.copyOf(words);
  }

  private int single(int open) {
    int close = text.indexOf('\'', open + 1);
    if (close < 0) {
      throw unclosed('\'', open);
    }
    inWord = true;
    for (int i = open + 1; i < close; i++) {
      add(text.charAt(i));
    }
    return close;
  }

  private int doubled(int open) {
    inWord = true;
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        return i;
      }
      boolean escape =
          c == '\\'
              && i + 1 < text.length()
              && (text.charAt(i + 1) == '"' || text.charAt(i + 1) == '\\');
      if (escape) {
        i++;
        add(text.charAt(i));
      } else {
        add(c);
      }
    }
    throw unclosed('"', open);
  }

  private IllegalArgumentException unclosed(char quote, int open) {
    return new IllegalArgumentException(
        "the quote " + quote + " at position " + (open + 1) + " is never closed");
  }

  private void add(char c) {
    if (c == '\0') {
      throw new IllegalArgumentException("must not contain a NUL character");
    }
    inWord = true;
    word.append(c);
  }

  private void end() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }
}

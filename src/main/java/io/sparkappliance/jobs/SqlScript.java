package io.sparkappliance.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Splits a script into statements the way Spark's lexer reads them: at a semicolon that is in no
 * string, no quoted name, no comment (bracketed ones nest) and no {@code BEGIN … END} block.
 */
final class SqlScript {
  /** Words after {@code END} that close a construct which did not open a level of its own. */
  private static final Set<String> CLOSED_BY_NAME = Set.of("IF", "WHILE", "REPEAT", "LOOP", "FOR");

  private final String text;
  private final List<String> statements = new ArrayList<>();

  private int at;
  private int start = -1;
  // Words of the current statement: enough of them to know a block by its beginning.
  private int words;
  private boolean labelled;
  private int depth;
  private boolean afterEnd;

  private SqlScript(String text) {
    this.text = text;
  }

  /**
   * The statements in order, without their semicolons and without what is only comment. What is
   * never closed is left to Spark's parser, as part of the last statement.
   */
  static List<String> split(String text) {
    return new SqlScript(text).split();
  }

  private List<String> split() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '-' && peek(1) == '-') {
        skipLineComment();
      } else if (c == '/' && peek(1) == '*') {
        skipBracketedComment();
      } else if (Character.isWhitespace(c)) {
        at++;
      } else if (c == ';') {
        semicolon();
      } else {
        significant(c);
      }
    }
    endStatement(text.length());
    return List.copyOf(statements);
  }

  private void significant(char c) {
    if (start < 0) {
      start = at;
    }
    if (c == '\'' || c == '"') {
      skipString(c);
      wordEnded("");
    } else if (c == '`') {
      skipQuotedName();
      wordEnded("");
    } else if (isWordPart(c)) {
      word();
    } else {
      // "label: BEGIN" is a block, too.
      labelled = c == ':' && words == 1;
      closeBlock();
      at++;
    }
  }

  private void word() {
    boolean qualified = at > 0 && text.charAt(at - 1) == '.';
    int from = at;
    while (at < text.length() && isWordPart(text.charAt(at))) {
      at++;
    }
    String word = text.substring(from, at).toUpperCase(Locale.ROOT);
    boolean raw = word.equals("R") && at < text.length() && isStringQuote(text.charAt(at));
    if (raw) {
      skipRawString();
      wordEnded("");
    } else {
      wordEnded(qualified ? "" : word);
    }
  }

  private void wordEnded(String word) {
    boolean opens = words == 0 || (words == 1 && labelled);
    words++;
    labelled = false;
    if (depth == 0) {
      if (opens && word.equals("BEGIN") && !isNext(';')) {
        depth = 1;
      }
      return;
    }
    if (afterEnd) {
      afterEnd = false;
      if (CLOSED_BY_NAME.contains(word)) {
        return;
      }
      depth--;
      if (word.equals("CASE")) {
        return;
      }
    }
    switch (word) {
      case "BEGIN", "CASE" -> depth++;
      case "END" -> afterEnd = true;
      default -> {}
    }
  }

  private void semicolon() {
    closeBlock();
    if (depth > 0) {
      at++;
      return;
    }
    endStatement(at);
    at++;
  }

  private void closeBlock() {
    if (afterEnd) {
      afterEnd = false;
      depth--;
    }
  }

  private void endStatement(int end) {
    if (start >= 0) {
      statements.add(text.substring(start, end).strip());
    }
    start = -1;
    words = 0;
    labelled = false;
    depth = 0;
    afterEnd = false;
  }

  private void skipLineComment() {
    while (at < text.length() && text.charAt(at) != '\n') {
      // Spark's lexer lets a comment go on where a backslash ends its line.
      at += text.charAt(at) == '\\' && peek(1) == '\n' ? 2 : 1;
    }
  }

  private void skipBracketedComment() {
    // A hint is part of its statement, and the statement has begun by then.
    int nesting = 0;
    while (at < text.length()) {
      if (text.charAt(at) == '/' && peek(1) == '*') {
        nesting++;
        at += 2;
      } else if (text.charAt(at) == '*' && peek(1) == '/') {
        nesting--;
        at += 2;
        if (nesting == 0) {
          return;
        }
      } else {
        at++;
      }
    }
    // Never closed: Spark's parser shall say so.
    if (start < 0) {
      start = text.lastIndexOf("/*");
    }
  }

  private void skipString(char quote) {
    at++;
    while (at < text.length() && text.charAt(at) != quote) {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    at = Math.min(at + 1, text.length());
  }

  private void skipRawString() {
    int close = text.indexOf(text.charAt(at), at + 1);
    at = close < 0 ? text.length() : close + 1;
  }

  private void skipQuotedName() {
    int close = text.indexOf('`', at + 1);
    at = close < 0 ? text.length() : close + 1;
  }

  private boolean isNext(char wanted) {
    int i = at;
    while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
      i++;
    }
    return i < text.length() && text.charAt(i) == wanted;
  }

  private char peek(int ahead) {
    return at + ahead < text.length() ? text.charAt(at + ahead) : '\0';
  }

  private static boolean isStringQuote(char c) {
    return c == '\'' || c == '"';
  }

  private static boolean isWordPart(char c) {
    return Character.isLetterOrDigit(c) || c == '_';
  }
}

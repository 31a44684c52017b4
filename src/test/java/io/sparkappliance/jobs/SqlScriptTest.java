package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScriptTest {
  @Test
  void splits_at_semicolons_and_drops_what_is_empty() {
    assertThat(SqlScript.split("select 1;\n\n;; select 2 ;\n"))
        .containsExactly("select 1", "select 2");
    assertThat(SqlScript.split("")).isEmpty();
    assertThat(SqlScript.split(" \n;\t; -- nothing\n /* at all */ ;")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select ';'",
        "select \";\"",
        "select `a;b` from t",
        "select 'it''s; fine'",
        "select 'it\\'s; fine'",
        "select \"say \\\"no;\\\"\"",
        "select '\\\\', ';'",
        "select `tick``;`",
        "select r'\\', 'a;b'",
        "select R\"\\\", ';'",
        "select 1 -- no; end\n + 1",
        "select 1 /* no; /* not; */ here; */ + 1",
        "select /*+ BROADCAST(t) ; */ * from t",
        "select 1 -- goes on \\\n ; still comment\n + 1",
      })
  void a_semicolon_inside_something_does_not_split(String statement) {
    assertThat(SqlScript.split(statement + "; select 2")).containsExactly(statement, "select 2");
  }

  @Test
  void comments_before_a_statement_are_left_out_and_those_within_are_kept() {
    assertThat(SqlScript.split("-- title;\n/* more; */ select /* x */ 1 -- end;\n; select 2"))
        .containsExactly("select /* x */ 1 -- end;", "select 2");
  }

  @Test
  void a_block_is_one_statement() {
    String block =
        """
        BEGIN
          DECLARE x INT DEFAULT 1;
          IF x > 0 THEN SELECT 'yes;'; ELSE SELECT 2; END IF;
          WHILE x < 3 DO SET x = x + 1; END WHILE;
          SELECT CASE WHEN x = 3 THEN 'three' ELSE 'other' END;
          CASE x WHEN 3 THEN SELECT 3; ELSE SELECT 4; END CASE;
          SELECT CASE WHEN true THEN 1 END + 1, t.end FROM t;
          BEGIN SELECT 5; END;
        END""";
    assertThat(SqlScript.split("select 1;" + block + "; select 2"))
        .containsExactly("select 1", block, "select 2");
  }

  @Test
  void a_labelled_block_is_one_statement() {
    String block = "outer_one: BEGIN LEAVE outer_one; SELECT 1; END outer_one";
    assertThat(SqlScript.split("/* c */" + block + "; select 2"))
        .containsExactly(block, "select 2");
  }

  @Test
  void the_words_begin_and_case_elsewhere_open_nothing() {
    assertThat(SqlScript.split("select begin from t; select case when a then b end; select 3"))
        .containsExactly("select begin from t", "select case when a then b end", "select 3");
    assertThat(SqlScript.split("begin; select 1")).containsExactly("begin", "select 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select 'open; 1",
        "select `open; 1",
        "select 1 /* open; 1",
        "BEGIN SELECT 1; SELECT 2"
      })
  void what_is_never_closed_is_left_to_the_parser(String open) {
    assertThat(SqlScript.split("select 0;" + open)).isEqualTo(List.of("select 0", open));
  }

  @Test
  void a_comment_that_is_never_closed_is_not_taken_for_nothing() {
    assertThat(SqlScript.split("select 0; /* open; 1")).containsExactly("select 0", "/* open; 1");
  }
}

package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.sparkappliance.settings.Problems;
import java.io.StringReader;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PropertiesFileTest {
  private final Problems problems = new Problems();

  @Test
  void readsWhatSparkReads() {
    PropertiesFile file =
        PropertiesFile.parse(
            """
            # a comment
            ! another
            spark.a 1
            spark.b=2
            spark.c : 3  \s
            spark.d=x=y:z
            spark.e  one \\
                     two
            spark.umlaut=\\u00e4ö
            spark.empty
            spark.a 9
            """,
            "EXT_CONF",
            problems);
    assertThat(file.settings())
        .containsExactly(
            entry("spark.a", "9"),
            entry("spark.b", "2"),
            entry("spark.c", "3"),
            entry("spark.d", "x=y:z"),
            entry("spark.e", "one two"),
            entry("spark.empty", ""),
            entry("spark.umlaut", "äö"));
    assertThat(file.notices()).isEmpty();
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void keysThatSparkPassesOverAreSaid() {
    PropertiesFile file =
        PropertiesFile.parse("fs.s3a.endpoint=x\nspark.a=1\n", "EXT_CONF", problems);
    assertThat(file.settings()).containsOnlyKeys("spark.a");
    assertThat(file.notices())
        .containsExactly(
            "EXT_CONF: fs.s3a.endpoint is passed over, as Spark does: settings begin with \"spark.\""
                + " (Hadoop's and Hive's are written spark.hadoop.fs.s3a.endpoint).");
  }

  @Test
  void brokenEscapeIsAProblemThatNamesTheFile() {
    PropertiesFile.parse("spark.a=\\u00zz", "EXT_CONF", problems);
    assertThat(problems.list()).singleElement().asString().startsWith("EXT_CONF: it is no");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "",
        "C:\\dir\\file",
        "a=b:c#d!e",
        "two\nlines\tand a tab\r",
        " leading",
        "ünïcödé 漢字 🎈",
        "$(id) `id` ${env:HOME} 'x' \"y\""
      })
  void whatIsWrittenIsReadBack(String value) throws Exception {
    Properties read = new Properties();
    read.load(new StringReader(PropertiesFile.line("spark.k e=y:#", value)));
    assertThat(read).containsOnly(entry("spark.k e=y:#", value));
  }
}

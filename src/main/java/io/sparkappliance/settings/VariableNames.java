package io.sparkappliance.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Environment variables that somebody else may set.
 *
 * @param patterns names; an asterisk stands for any characters
 */
public record VariableNames(List<String> patterns) {
  private static final Pattern SHAPE = Pattern.compile("[A-Za-z_*][A-Za-z0-9_*]*");

  /** By these the machine, or what runs on it, finds code, keys or other hosts. */
  private static final Pattern RESERVED =
      Pattern.compile(
          "_.*|PATH|HOME|USER|LOGNAME|SHELL|ENV|IFS|PWD|OLDPWD|CDPATH|TMPDIR|TMP|TEMP|CLASSPATH"
              + "|SHELLOPTS|PS[0-9]|GCONV_PATH|LOCPATH|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
              + "|(?:HTTPS?|FTP|ALL|NO)_PROXY"
              + "|(?:BASH|JAVA|PYTHON|IPYTHON|KRB5|PERL|RUBY).*"
              + "|(?:LD|DYLD|GLIBC|MALLOC|JDK|JRE|PYSPARK|SPARK|AWS|HADOOP|HDFS|YARN|HIVE|R|SSL|NODE)"
              + "_.*",
          Pattern.CASE_INSENSITIVE);

  /** Takes a copy that can't be changed. */
  public VariableNames {
    patterns = List.copyOf(patterns);
  }

  /** Reads names and patterns; empty when one is none, or stands for reserved variables only. */
  static Optional<VariableNames> parse(List<String> texts) {
    boolean usable =
        texts.stream()
            .allMatch(it -> SHAPE.matcher(it).matches() && !isReserved(it.replace('*', 'X')));
    return usable ? Optional.of(new VariableNames(texts)) : Optional.empty();
  }

  /** Whether a variable can't be allowed to anybody, in any letter case. */
  public static boolean isReserved(String name) {
    return RESERVED.matcher(name).matches();
  }

  /** Whether somebody else may set this variable. */
  public boolean allow(String name) {
    return !isReserved(name)
        && patterns.stream().anyMatch(pattern -> expression(pattern).matcher(name).matches());
  }

  private static Pattern expression(String pattern) {
    return Pattern.compile(
        Arrays.stream(pattern.split("\\*", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*")));
  }
}

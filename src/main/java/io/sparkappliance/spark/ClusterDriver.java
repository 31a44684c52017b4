package io.sparkappliance.spark;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.Command;
import org.apache.spark.deploy.DriverDescription;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.util.Utils;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Asks the leading master to start a program's driver on one of the cluster's workers, or to end
 * it; lives for one request. The first word of its last line on standard output is the answer, the
 * rest of the line why.
 *
 * <p>Spark's own client for this puts every setting of its node on the driver's command line,
 * passwords included. This one sends what belongs to the program, by way of the driver's
 * environment; {@link DriverStart} adds the settings of the worker's node there.
 */
public final class ClusterDriver {
  private static final Duration SUBMISSION = Duration.ofSeconds(60);
  private static final Duration END = Duration.ofSeconds(15);

  /**
   * File in the driver's directory for what it tells of itself. Workers show it beside the two of
   * its output ({@code LogPage}), and Spark writes none of this name there.
   */
  private static final String NOTE = "out";

  private ClusterDriver() {}

  /**
   * Does what the first argument says.
   *
   * <ul>
   *   <li>{@code submit}: reads what to run from standard input, as properties: {@code jar}, {@code
   *       class}, {@code mark}, {@code supervise}, {@code argument.0} and so on, {@code
   *       setting.spark.…}, {@code variable.NAME}. Says {@code asking} before any master learns of
   *       it, and answers {@code accepted ID}, {@code refused WHY}, or {@code unknown WHY} when a
   *       master may have taken it.
   *   <li>{@code kill ID}: answers {@code told}, or {@code silent} when no master leads.
   *   <li>{@code trouble ID}: answers {@code trouble WHY}, or {@code none}.
   * </ul>
   */
  public static void main(String[] arguments) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    String answer =
        switch (arguments[0]) {
          case "submit" -> submit(out);
          case "kill" ->
              DriverMasters.ofThisNode().kill(arguments[1], System.nanoTime() + END.toNanos())
                  ? "told"
                  : "silent";
          case "trouble" ->
              DriverMasters.ofThisNode()
                  .trouble(arguments[1])
                  .map(why -> "trouble " + why)
                  .orElse("none");
          default -> throw new IllegalArgumentException(arguments[0]);
        };
    out.println(answer.replaceAll("\\s+", " "));
    // Nothing is left to do; threads of the network may think otherwise.
    Runtime.getRuntime().halt(0);
  }

  private static String submit(PrintStream out) throws IOException {
    Properties program = new Properties();
    program.load(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    DriverMasters masters;
    DriverDescription driver;
    try {
      masters = DriverMasters.ofThisNode();
      driver = description(program, masters.conf());
    } catch (RuntimeException unusable) {
      return "refused " + unusable;
    }
    out.println("asking");
    try {
      return "accepted " + masters.submit(driver, System.nanoTime() + SUBMISSION.toNanos());
    } catch (DriverMasters.RefusedException refused) {
      return "refused " + refused.getMessage();
    } catch (IOException unknown) {
      return "unknown " + unknown.getMessage();
    }
  }

  private static DriverDescription description(Properties program, SparkConf node)
      throws IOException {
    Map<String, String> settings = starting(program, "setting.");
    settings.put("spark.master", node.get("spark.master"));
    settings.put("spark.submit.deployMode", "cluster");
    Map<String, String> environment = starting(program, "variable.");
    environment.put(DriverStart.VARIABLES, String.join(",", environment.keySet()));
    environment.put(DriverStart.SETTINGS, text(settings));
    environment.put(ApplicationNote.FILE_VARIABLE, NOTE);
    List<String> arguments = new ArrayList<>();
    arguments.add("{{WORKER_URL}}");
    arguments.add("{{USER_JAR}}");
    // The third is what masters show as the program: by its mark the gateway knows it again.
    arguments.add(program.getProperty("class") + program.getProperty("mark"));
    for (int i = 0; program.containsKey("argument." + i); i++) {
      arguments.add(program.getProperty("argument." + i));
    }
    boolean supervise = Boolean.parseBoolean(program.getProperty("supervise"));
    return new DriverDescription(
        program.getProperty("jar"),
        atLeastOne(
            "spark.driver.memory in MiB",
            Utils.memoryStringToMb(value("spark.driver.memory", settings, node, "1g"))),
        atLeastOne(
            "spark.driver.cores",
            Integer.parseInt(value("spark.driver.cores", settings, node, "1"))),
        supervise,
        new Command(
            DriverStart.class.getName(),
            seq(arguments),
            scala.collection.immutable.Map.from(CollectionConverters.asScala(environment)),
            seq(paths(node)),
            seq(List.of()),
            seq(javaOptions(node))),
        seq(List.of()));
  }

  /** Masters don't look: with less than nothing a worker would seem to have more than it has. */
  private static int atLeastOne(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(setting + " has to be at least 1, and is " + value);
    }
    return value;
  }

  private static String value(
      String key, Map<String, String> settings, SparkConf node, String otherwise) {
    return settings.getOrDefault(key, node.get(key, otherwise)).strip();
  }

  /** Every node has the same image; what a worker lacks of these does no harm. */
  private static List<String> paths(SparkConf node) {
    String paths = node.get("spark.driver.extraClassPath", "");
    return paths.isEmpty() ? List.of() : List.of(paths);
  }

  private static List<String> javaOptions(SparkConf node) {
    List<String> options = new ArrayList<>(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    for (String key : List.of("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions")) {
      CollectionConverters.asJava(Utils.splitCommandString(node.get(key, ""))).stream()
          // A startup cache fits one command line only, and this is not the one.
          .filter(option -> !option.startsWith("-XX:AOT"))
          .forEach(options::add);
    }
    return options;
  }

  private static Map<String, String> starting(Properties program, String prefix) {
    Map<String, String> found = new TreeMap<>();
    for (String name : program.stringPropertyNames()) {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), program.getProperty(name));
      }
    }
    return found;
  }

  private static String text(Map<String, String> settings) throws IOException {
    Properties properties = new Properties();
    properties.putAll(settings);
    StringWriter text = new StringWriter();
    properties.store(text, null);
    return text.toString();
  }

  private static <T> Seq<T> seq(List<T> list) {
    return CollectionConverters.asScala(list).toSeq();
  }
}

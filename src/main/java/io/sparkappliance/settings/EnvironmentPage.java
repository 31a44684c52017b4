package io.sparkappliance.settings;

import java.util.Map;
import java.util.stream.Collectors;

/** Writes the documentation page of the environment variables from the catalogue. */
public final class EnvironmentPage {
  private static final String INTRODUCTION =
      """
      # Environment variables

      <!-- Generated from the catalogue in the code by `make docs`; a test fails when it is stale. -->

      Everything is configured by environment variables. A variable that is empty counts as not set.
      A value that can't be used, or a name that is nearly one of these, stops the start with exit
      code 78 and one message that lists every problem. `spark-appliance check` shows what the
      variables come to, and where each value came from, and starts nothing.

      Where a variable stands for a Spark setting, a variable that is set wins over `EXT_CONF`, which
      wins over configuration mounted in `/etc/spark-appliance`, which wins over the shipped defaults
      in `conf/`. A variable that is not set is no layer.

      ## Secrets

      Every secret `X` can be given as `X_FILE`, the path of a file that holds it. White space around
      the secret is not part of it.

      On AWS, the value of a secret `X` can also be a reference, which is looked up when the node
      starts: `ssm:/name` (Parameter Store), `secretsmanager:name`, or `secretsmanager:name#field` for
      one field of a JSON secret; an ARN in the place of the name will do. A file always holds the
      secret itself. [Security](security.md#secrets-that-aws-keeps) has the rest.

      ## Any Spark setting

      `SPARK_CONF_` and the name of a setting sets it: write `_` for a dot, `__` for a dash and `___`
      for an underscore; letter case is kept.

      | Variable | sets |
      |---|---|
      | `SPARK_CONF_spark_sql_shuffle_partitions=8` | `spark.sql.shuffle.partitions` |
      | `SPARK_CONF_spark_dynamicAllocation_maxExecutors=4` | `spark.dynamicAllocation.maxExecutors` |
      | `SPARK_CONF_spark_hadoop_fs_s3a_bucket_my__data_endpoint=…` | `spark.hadoop.fs.s3a.bucket.my-data.endpoint` |

      ## Scripts

      Executable `*.sh` files in `/docker-entrypoint-initdb.d` run in the order of their names before
      the daemons start, then those that `INIT_SCRIPTS` names. One that fails stops the start.
      """;

  private static final String OF_SYSTEM = "As on any system.";

  private static final Map<String, String> OF_OTHERS =
      Map.ofEntries(
          Map.entry(
              "AWS_REGION",
              "Region, for S3 and for AWS's services. Not set, on EC2: the instance's."),
          Map.entry("AWS_DEFAULT_REGION", "Older name of `AWS_REGION`, which counts first."),
          Map.entry(
              "AWS_ENDPOINT_URL_S3",
              "Where S3 is, for what the launcher and the gateway do there; programs ask"
                  + " `spark.hadoop.fs.s3a.endpoint`. Not set: AWS's."),
          Map.entry("AWS_ENDPOINT_URL_STS", "Where roles are assumed. Not set: AWS's."),
          Map.entry(
              "AWS_ENDPOINT_URL",
              "Where AWS's services are, those that have such a variable of their own aside."),
          Map.entry(
              "AWS_EC2_METADATA_DISABLED",
              "`true`: there is no metadata service, and no role of an instance."),
          Map.entry("AWS_EC2_METADATA_SERVICE_ENDPOINT", "Where the metadata service is."),
          Map.entry(
              "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
              "`IPv6`: it is asked at its address of that kind."),
          Map.entry(
              "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "Set by ECS: where the task's role is."),
          Map.entry(
              "AWS_CONTAINER_CREDENTIALS_FULL_URI",
              "Set by EKS and others: where the container's role is."),
          Map.entry(
              "AWS_ROLE_ARN", "Role to assume with the token of `AWS_WEB_IDENTITY_TOKEN_FILE`."),
          Map.entry("AWS_WEB_IDENTITY_TOKEN_FILE", "File with that token."),
          Map.entry(
              "HTTP_PROXY",
              "Way out for `http:`; identity providers and receivers of webhooks are reached by it, too."),
          Map.entry("HTTPS_PROXY", "Way out for `https:`."),
          Map.entry("http_proxy", "The same as `HTTP_PROXY`."),
          Map.entry("https_proxy", "The same as `HTTPS_PROXY`."),
          Map.entry("NO_PROXY", "Hosts, domains, networks and ports that are reached without one."),
          Map.entry("no_proxy", "The same as `NO_PROXY`."),
          Map.entry(
              "SSL_CERT_FILE",
              "CA certificates that programs in C and Python trust; the JVM does not read it."),
          Map.entry("SSL_CERT_DIR", "As `SSL_CERT_FILE`, a folder with one file for each."));

  private EnvironmentPage() {}

  /** The page as Markdown, with a final line break. */
  public static String render() {
    Catalogue catalogue = new Catalogue();
    StringBuilder page = new StringBuilder(INTRODUCTION);
    for (Variable.Group group : Variable.Group.values()) {
      page.append("\n## ").append(group.title()).append("\n\n");
      page.append("| Variable | Default | Value | Meaning |\n|---|---|---|---|\n");
      catalogue.all().stream()
          .filter(variable -> variable.group() == group)
          .map(EnvironmentPage::row)
          .forEach(page::append);
    }
    return page.append(passedOn()).toString();
  }

  private static String passedOn() {
    String rows =
        PassedOn.names().stream()
            .map(
                name ->
                    "| " + code(name) + " | " + OF_OTHERS.getOrDefault(name, OF_SYSTEM) + " |\n")
            .collect(Collectors.joining());
    return """

        ## Variables of others

        Programs of other makers read these. Daemons, drivers and programs get them as the container has them, beside what jobs bring along. They get no key of
        AWS (`AWS_ACCESS_KEY_ID` and the like are for what the launcher fetches, and for commands), and no proxy whose address has a password: whoever may run
        SQL could read them.

        | Variable | Meaning |
        |---|---|
        """
        + rows;
  }

  private static String row(Variable<?> variable) {
    return "| "
        + code(variable.name())
        + aliases(variable)
        + " | "
        + variable.fallback().map(EnvironmentPage::code).orElse("not set")
        + " | "
        + variable.parser().accepted().replaceFirst("^must be ", "")
        + (variable.isSecret() ? "; or " + code(variable.name() + Variable.FILE_SUFFIX) : "")
        + " | "
        + variable.meaning()
        + " |\n";
  }

  private static String aliases(Variable<?> variable) {
    return variable.aliases().isEmpty()
        ? ""
        : variable.aliases().stream()
            .map(EnvironmentPage::code)
            .collect(Collectors.joining(", ", " (also ", ")"));
  }

  private static String code(String text) {
    return "`" + text + "`";
  }
}

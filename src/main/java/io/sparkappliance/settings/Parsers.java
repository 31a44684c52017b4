package io.sparkappliance.settings;

import io.sparkappliance.settings.Settings.AuthMode;
import io.sparkappliance.settings.Settings.LogFormat;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The kinds of values that variables have. */
final class Parsers {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|m|min|h|d)?");
  private static final Pattern STACK = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,127}");
  private static final Pattern CHROOT = Pattern.compile("(/[A-Za-z0-9._-]+)+");
  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|\\[[0-9a-fA-F:.]+\\]");
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Pattern LOCATION =
      Pattern.compile("(/|file:/|https?://[^/]|s3[an]?://[^/]).*", Pattern.CASE_INSENSITIVE);

  /** No part of its path is empty, or dots alone. */
  private static final Pattern S3_FOLDER =
      Pattern.compile(
          "(?i:s3[an]?)://[A-Za-z0-9][A-Za-z0-9._-]{1,62}"
              + "(?=.{0,513}$)(/(?!\\.+(/|$))[A-Za-z0-9!_.*'()=+@:,&$~-]+)*/?");

  private Parsers() {}

  static Parser<Boolean> flag() {
    return new Parser<>(
        "must be true, 1, yes or on; or false, 0, no, off or empty (any letter case)",
        "true",
        text ->
            switch (text.toLowerCase(Locale.ROOT)) {
              case "true", "1", "yes", "on" -> Optional.of(true);
              case "false", "0", "no", "off" -> Optional.of(false);
              default -> Optional.empty();
            });
  }

  static Parser<Integer> port() {
    return wholeNumber(1, 65_535, "a port number", "8080");
  }

  static Parser<Integer> count(int most) {
    return wholeNumber(1, most, "a whole number", "2");
  }

  private static Parser<Integer> wholeNumber(int least, int most, String what, String example) {
    return new Parser<>(
        "must be " + what + " from " + least + " to " + most,
        example,
        text ->
            text.matches("\\d{1,9}")
                ? Optional.of(Integer.valueOf(text)).filter(n -> n >= least && n <= most)
                : Optional.empty());
  }

  /** A plain number counts MiB, as Spark reads its own memory settings. */
  static Parser<MemorySize> memory() {
    return size(
        'm',
        MemorySize.ofMebibytes(1),
        "must be a memory size of at least 1m: a whole number with k, m, g or t (none: MiB)",
        "2g");
  }

  /** A plain number counts bytes. */
  static Parser<MemorySize> bytes() {
    return size(
        'b',
        new MemorySize(1),
        "must be a size of at least 1 byte: a whole number with k, m, g or t (none: bytes)",
        "512m");
  }

  private static Parser<MemorySize> size(
      char plainUnit, MemorySize least, String accepted, String example) {
    return new Parser<>(
        accepted,
        example,
        text ->
            MemorySize.parseBytes(text, plainUnit).stream()
                .mapToObj(MemorySize::new)
                .filter(size -> size.compareTo(least) >= 0)
                .findFirst());
  }

  static Parser<Duration> duration() {
    return new Parser<>(
        "must be a duration of at least 1s: a whole number with s, m, h or d (none: seconds)",
        "60s",
        text -> {
          Matcher matcher = DURATION.matcher(text.toLowerCase(Locale.ROOT));
          if (!matcher.matches()) {
            return Optional.empty();
          }
          long number = Long.parseLong(matcher.group(1));
          String unit = matcher.group(2) == null ? "s" : matcher.group(2);
          Duration duration =
              switch (unit) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "h" -> Duration.ofHours(number);
                case "d" -> Duration.ofDays(number);
                default -> Duration.ofMinutes(number);
              };
          return Optional.of(duration).filter(d -> d.compareTo(Duration.ofSeconds(1)) >= 0);
        });
  }

  static Parser<String> identifier() {
    return new Parser<>(
        "must be 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first",
        "spark",
        text -> Optional.of(text).filter(IDENTIFIER.asMatchPredicate()));
  }

  static Parser<String> host() {
    return new Parser<>(
        "must be a host name or an IP address (IPv6 in brackets)",
        "10.0.0.7",
        text -> Optional.of(text).filter(HOST.asMatchPredicate()));
  }

  static Parser<HostAndPort> hostAndPort(int defaultPort) {
    return new Parser<>(
        "must be host:port, or a host alone (port " + defaultPort + ")",
        "node1:" + defaultPort,
        text -> hostAndPort(text, defaultPort));
  }

  private static Optional<HostAndPort> hostAndPort(String text, int defaultPort) {
    int colon = text.lastIndexOf(':');
    boolean plain = colon < 0 || text.endsWith("]");
    String host = plain ? text : text.substring(0, colon);
    Optional<Integer> port =
        plain ? Optional.of(defaultPort) : port().read().apply(text.substring(colon + 1));
    return HOST.matcher(host).matches()
        ? port.map(p -> new HostAndPort(host, p))
        : Optional.empty();
  }

  private static Optional<List<HostAndPort>> hostsAndPorts(String list, int defaultPort) {
    List<HostAndPort> hosts = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      Optional<HostAndPort> host = hostAndPort(part.strip(), defaultPort);
      if (host.isEmpty()) {
        return Optional.empty();
      }
      hosts.add(host.get());
    }
    return Optional.of(List.copyOf(hosts));
  }

  static Parser<List<String>> hosts() {
    return new Parser<>(
        "must be a comma-separated list of host names or addresses, without ports",
        "zk1,zk2,zk3",
        text -> {
          List<String> hosts = commaSeparated(text);
          return hosts.stream().allMatch(HOST.asMatchPredicate())
              ? Optional.of(hosts)
              : Optional.empty();
        });
  }

  /** The connect string of ZooKeeper's own clients. */
  static Parser<ZooKeeperEnsemble> zooKeeper() {
    return new Parser<>(
        "must be host[:port][,host[:port]…][/path], or, on AWS, the name of a stack",
        "zk1:2181,zk2:2181,zk3:2181",
        text -> {
          int slash = text.indexOf('/');
          String chroot = slash < 0 ? "" : text.substring(slash);
          String servers = slash < 0 ? text : text.substring(0, slash);
          return chroot.isEmpty() || CHROOT.matcher(chroot).matches()
              ? hostsAndPorts(servers, 2181)
                  .map(list -> new ZooKeeperEnsemble(list, chroot).of(stackName(servers)))
              : Optional.empty();
        });
  }

  /** Spark's own form of a master list, or a stack's name. */
  static Parser<MasterNames> masters() {
    return new Parser<>(
        "must be spark://host[:port][,host[:port]…], or, on AWS, the name of a stack",
        "spark://node1:7077",
        text ->
            text.startsWith("spark://")
                ? hostsAndPorts(text.substring("spark://".length()), 7077).map(MasterNames::of)
                : stackName(text).map(MasterNames::of));
  }

  /** As CloudFormation takes it. */
  private static Optional<String> stackName(String text) {
    return Optional.of(text).filter(STACK.asMatchPredicate());
  }

  static Parser<String> location() {
    return new Parser<>(
        "must be an absolute path or a file:, http:, https: or s3: URI",
        "s3://bucket/path/file",
        text -> Optional.of(text).filter(LOCATION.asMatchPredicate()));
  }

  /** Where Spark itself writes. */
  static Parser<String> directory() {
    return new Parser<>(
        "must be an absolute path or a file:, s3:, s3a: or hdfs: URI",
        "s3://bucket/events",
        text ->
            Optional.of(text)
                .filter(it -> it.matches("/[^,\\n]*|file:/[^,\\n]*|(s3[an]?|hdfs)://[^\\s,]+")));
  }

  /** Where the appliance itself keeps logs: only names that no server or proxy rewrites. */
  static Parser<String> logDirectory() {
    return new Parser<>(
        "must be an absolute path on this machine or s3://bucket[/prefix], a prefix of up to 512"
            + " letters, digits and !-_.*'()=+@:,&$~",
        "s3://bucket/logs",
        text ->
            text.startsWith("/")
                ? absolutePath().read().apply(text).map(Path::toString)
                : Optional.of(text).filter(S3_FOLDER.asMatchPredicate()));
  }

  /** Where jobs are: a path without its scheme, or a place in S3. */
  static Parser<String> jobsDirectory() {
    return new Parser<>(
        "must be an absolute path on this machine, a file: URI of one, or s3a://bucket[/prefix], a"
            + " prefix of up to 512 letters, digits and !-_.*'()=+@:,&$~",
        "s3a://bucket/jobs",
        text ->
            text.matches("(?i)s3[an]?:.*")
                ? Optional.of(text).filter(S3_FOLDER.asMatchPredicate())
                : absolutePath()
                    .read()
                    .apply(text.replaceFirst("^(?i:file):(///|/(?!/))", "/"))
                    .map(Path::toString));
  }

  static Parser<List<String>> locations() {
    return new Parser<>(
        "must be a comma-separated list of absolute paths or file:, http:, https: or s3: URIs",
        "/jars/udf.jar,s3://bucket/driver.jar",
        text -> {
          List<String> parts = commaSeparated(text);
          return parts.stream().allMatch(LOCATION.asMatchPredicate())
              ? Optional.of(parts)
              : Optional.empty();
        });
  }

  static Parser<List<String>> requirements() {
    return new Parser<>(
        "must be a comma-separated list of pip requirements, none of which begins with a dash, and"
            + " of locations of files with such (.txt)",
        "requests,pandas==2.2.3,s3://bucket/requirements.txt",
        text -> {
          List<String> parts = requirementList(text);
          return parts.stream().noneMatch(Parsers::isForNobody)
              ? Optional.of(parts)
              : Optional.empty();
        });
  }

  /** What pip would take for an option of its own, and what it can't fetch. */
  private static boolean isForNobody(String requirement) {
    boolean inS3 = requirement.matches("(?i)s3[an]?:.*");
    return requirement.startsWith("-") || (inS3 && !isRequirementFile(requirement));
  }

  /** Whether part of {@code PYTHON_LIBS} is the location of a file with more requirements. */
  static boolean isRequirementFile(String part) {
    return LOCATION.matcher(part).matches() && part.matches("(?i)[^?#]*\\.txt([?#].*)?");
  }

  /** Where scripts are, each a file of that name's ending. */
  static Parser<List<String>> scripts() {
    return new Parser<>(
        "must be a comma-separated list of absolute paths or file:, https: or s3: URIs of *.sh"
            + " files",
        "s3://bucket/install-certificates.sh",
        text ->
            locations()
                .read()
                .apply(text)
                .filter(
                    // Whoever is on the way of http: could run what they like.
                    all ->
                        all.stream()
                            .allMatch(it -> it.matches("(?i)(?!http:)[^?#]*\\.sh([?#].*)?"))));
  }

  /** A comma inside a version range or extras belongs to its requirement: {@code a>=1,<2}. */
  private static List<String> requirementList(String text) {
    List<String> requirements = new ArrayList<>();
    String current = "";
    for (String part : text.split(",", -1)) {
      boolean insideExtras = current.lastIndexOf('[') > current.lastIndexOf(']');
      boolean continues = insideExtras || part.strip().matches("[<>=!~].*");
      if (!current.isEmpty() && !continues) {
        requirements.add(current.strip());
        current = "";
      }
      current = current.isEmpty() ? part : current + "," + part;
    }
    requirements.add(current.strip());
    return requirements.stream().filter(part -> !part.isEmpty()).toList();
  }

  static Parser<Path> absolutePath() {
    return new Parser<>(
        "must be an absolute path on this machine",
        "/var/lib/spark-appliance",
        text ->
            text.startsWith("/") && text.indexOf('\0') < 0
                ? Optional.of(Path.of(text).normalize())
                : Optional.empty());
  }

  /** A file with keys or certificates, of a kind that ZooKeeper tells by its name. */
  static Parser<Path> keyFile() {
    return new Parser<>(
        "must be an absolute path of a .pem, .p12 or .jks file",
        "/run/secrets/node.p12",
        text ->
            absolutePath().read().apply(text).filter(path -> text.matches(".*\\.(pem|p12|jks)")));
  }

  static Parser<List<Path>> absolutePaths() {
    return new Parser<>(
        "must be a comma-separated list of absolute paths on this machine",
        "/mnt/disk1,/mnt/disk2",
        text -> {
          List<String> parts = commaSeparated(text);
          return parts.stream().allMatch(part -> absolutePath().read().apply(part).isPresent())
              ? Optional.of(parts.stream().map(Path::of).map(Path::normalize).toList())
              : Optional.empty();
        });
  }

  /** Notices of EC2; {@code none} for no one, as an empty value counts as not set. */
  static Parser<Set<NoticeKind>> noticeKinds() {
    return new Parser<>(
        "must be a comma-separated list of spot, rebalance and lifecycle; or none",
        "spot,lifecycle",
        text -> {
          Set<NoticeKind> kinds = EnumSet.noneOf(NoticeKind.class);
          if (text.equalsIgnoreCase("none")) {
            return Optional.of(kinds);
          }
          Parser<NoticeKind> one = oneOf(NoticeKind.class, "spot");
          for (String part : commaSeparated(text)) {
            Optional<NoticeKind> kind = one.read().apply(part);
            if (kind.isEmpty()) {
              return Optional.empty();
            }
            kinds.add(kind.get());
          }
          return Optional.of(kinds).filter(some -> !some.isEmpty());
        });
  }

  /** As auto-scaling groups name them. */
  static Parser<String> lifecycleHook() {
    return new Parser<>(
        "must be the name of a lifecycle hook: letters, digits, dashes, underscores and slashes",
        "drain",
        text -> Optional.of(text).filter(name -> name.matches("[A-Za-z0-9_/-]{1,255}")));
  }

  /** As CloudWatch takes them; those of AWS's own services begin with {@code AWS/}. */
  static Parser<String> metricsNamespace() {
    return new Parser<>(
        "must be a namespace of CloudWatch: letters, digits and . - _ / #, not beginning with AWS/",
        "SparkAppliance",
        text ->
            Optional.of(text)
                .filter(
                    name -> name.matches("[A-Za-z0-9._/#-]{1,255}") && !name.startsWith("AWS/")));
  }

  static Parser<AuthMode> authMode() {
    return oneOf(AuthMode.class, "token");
  }

  static Parser<LogFormat> logFormat() {
    return oneOf(LogFormat.class, "json");
  }

  /** The constants of an enum in lower case; any letter case is read. */
  static <E extends Enum<E>> Parser<E> oneOf(Class<E> type, String example) {
    E[] constants = type.getEnumConstants();
    String names =
        Arrays.stream(constants)
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(" or "));
    return new Parser<>(
        "must be " + names,
        example,
        text ->
            Arrays.stream(constants)
                .filter(constant -> constant.name().equalsIgnoreCase(text))
                .findFirst());
  }

  static Parser<String> oneOf(List<String> names, String example) {
    return new Parser<>(
        "must be one of " + String.join(", ", names),
        example,
        text -> Optional.of(text.toLowerCase(Locale.ROOT)).filter(names::contains));
  }

  /** A token or a shared secret: long enough not to be guessed, safe in headers. */
  static Parser<Secret> secret() {
    return new Parser<>(
        "must be at least 8 printable ASCII characters without spaces",
        "$(openssl rand -hex 16)",
        true,
        text ->
            text.matches("[\\x21-\\x7e]{8,}") ? Optional.of(new Secret(text)) : Optional.empty());
  }

  /** As ZooKeeper's {@code addauth digest} takes it. */
  static Parser<Secret> login() {
    return new Parser<>(
        "must be name:password, printable ASCII characters without spaces, 8 or more after the"
            + " colon",
        "spark:$(openssl rand -hex 16)",
        true,
        text ->
            text.matches("[\\x21-\\x7e&&[^:]]+:[\\x21-\\x7e]{8,}")
                ? Optional.of(new Secret(text))
                : Optional.empty());
  }

  /** A password of somebody else's making, such as a key store's. */
  static Parser<Secret> password() {
    return new Parser<>(
        "must be one line of text",
        "…",
        true,
        text -> text.lines().count() == 1 ? Optional.of(new Secret(text)) : Optional.empty());
  }

  /** Address of a service that is asked over HTTP. */
  static Parser<URI> webAddress() {
    return new Parser<>(
        "must be an https: (or http:) URL without user, password and fragment",
        "https://id.example.org/path",
        text -> {
          try {
            return Optional.of(new URI(text))
                .filter(
                    uri ->
                        String.valueOf(uri.getScheme()).matches("(?i)https?")
                            && uri.getHost() != null
                            && uri.getRawUserInfo() == null
                            && uri.getRawFragment() == null);
          } catch (URISyntaxException notOne) {
            return Optional.empty();
          }
        });
  }

  /** A database as PostgreSQL's JDBC driver is told of it; who logs in is no part of it. */
  static Parser<String> postgreSql() {
    return new Parser<>(
        "must be the JDBC address of a PostgreSQL database, without user and password",
        "jdbc:postgresql://db.example.org:5432/spark?sslmode=verify-full",
        text ->
            Optional.of(text)
                .filter(
                    it ->
                        it.matches("jdbc:postgresql://[\\w.:,\\[\\]-]+/[\\w-]+(\\?\\S*)?")
                            && !it.matches("(?i).*[?&](user|password|sslpassword)=.*")));
  }

  /** Scopes as RFC 6749 writes them, section 3.3. */
  static Parser<List<String>> scopes() {
    return new Parser<>(
        "must be one or more scopes, separated by spaces",
        "uid",
        text -> {
          List<String> scopes = List.of(text.split(" +", -1));
          return scopes.stream().allMatch(it -> it.matches("[\\x21\\x23-\\x5b\\x5d-\\x7e]+"))
              ? Optional.of(scopes)
              : Optional.empty();
        });
  }

  static Parser<List<AddressRange>> addressRanges() {
    return new Parser<>(
        "must be a comma-separated list of IP addresses or networks (CIDR)",
        "10.0.0.0/16,fd00::/8",
        text -> {
          List<String> parts = commaSeparated(text);
          List<AddressRange> ranges =
              parts.stream().flatMap(part -> AddressRange.parse(part).stream()).toList();
          return ranges.size() == parts.size() && !parts.isEmpty()
              ? Optional.of(ranges)
              : Optional.empty();
        });
  }

  static Parser<WebhookHosts> webhookHosts() {
    return new Parser<>(
        "must be a comma-separated list of hosts, host:port or *.domain, without a scheme",
        "hooks.example.org,*.chat.example.org,10.0.0.7:8443",
        text -> WebhookHosts.parse(commaSeparated(text)));
  }

  /** A key for HMAC: short ones can be guessed from a message and its signature. */
  static Parser<Secret> webhookSecret() {
    return new Parser<>(
        "must be one line of at least 16 characters, or whsec_ and at least 16 bytes in base64",
        "whsec_$(openssl rand -base64 32)",
        true,
        text ->
            Optional.of(text)
                .filter(it -> it.lines().count() == 1 && it.length() >= 16)
                .filter(WebhookKey::isUsable)
                .map(Secret::new));
  }

  /** What others may set, not what they may set it to. */
  static Parser<VariableNames> variableNames() {
    return new Parser<>(
        "must be a comma-separated list of names of variables, * for any characters, none of them"
            + " a variable of the node, Java, Python, Spark, Hadoop or AWS",
        "APP_*,STAGE",
        text -> VariableNames.parse(commaSeparated(text)));
  }

  /** Values that somebody else gives a meaning to. */
  static Parser<List<String>> names(String example) {
    return new Parser<>(
        "must be a comma-separated list of names",
        example,
        text ->
            Optional.of(commaSeparated(text))
                .filter(names -> !names.isEmpty() && text.lines().count() == 1));
  }

  static Parser<String> text() {
    return new Parser<>(
        "must be one line of text",
        "text",
        text -> Optional.of(text).filter(t -> t.lines().count() == 1));
  }

  private static List<String> commaSeparated(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .toList();
  }
}

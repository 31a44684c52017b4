package io.sparkappliance.settings;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hosts that may be told of the end of a job.
 *
 * @param patterns {@code host}, {@code host:port} or {@code *.domain}, in small letters; IPv6 in
 *     brackets
 */
public record WebhookHosts(List<String> patterns) {
  /** Nobody may be told. */
  public static final WebhookHosts NONE = new WebhookHosts(List.of());

  private static final String LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";

  /** A whole top-level domain is nobody's list of hosts. */
  private static final Pattern SHAPE =
      Pattern.compile(
          "(%1$s(?:\\.%1$s)*|\\*(?:\\.%1$s){2,}|\\[[0-9a-f:.]+\\])(?::(\\d{1,5}))?"
              .formatted(LABEL));

  private static final int LARGEST_PORT = 65_535;

  /** Takes a copy that can't be changed. */
  public WebhookHosts {
    patterns = List.copyOf(patterns);
  }

  /** Reads a list; empty when something in it is no host. */
  static Optional<WebhookHosts> parse(List<String> texts) {
    List<String> patterns = texts.stream().map(text -> text.toLowerCase(Locale.ROOT)).toList();
    boolean usable = !patterns.isEmpty() && patterns.stream().allMatch(WebhookHosts::isOne);
    return usable ? Optional.of(new WebhookHosts(patterns)) : Optional.empty();
  }

  private static boolean isOne(String text) {
    Matcher matcher = SHAPE.matcher(text);
    return matcher.matches() && (matcher.group(2) == null || isPort(matcher.group(2)));
  }

  private static boolean isPort(String digits) {
    int port = Integer.parseInt(digits);
    return port >= 1 && port <= LARGEST_PORT;
  }

  /**
   * Whether an address is one of theirs.
   *
   * @param address http or https, with a host
   */
  public boolean allow(URI address) {
    String host = address.getHost().toLowerCase(Locale.ROOT);
    int usual = "https".equalsIgnoreCase(address.getScheme()) ? 443 : 80;
    int port = address.getPort() < 0 ? usual : address.getPort();
    return patterns.stream().anyMatch(pattern -> allows(pattern, host, port));
  }

  private static boolean allows(String pattern, String host, int port) {
    Matcher matcher = SHAPE.matcher(pattern);
    if (!matcher.matches()) {
      return false;
    }
    String name = matcher.group(1);
    boolean named = name.startsWith("*") ? host.endsWith(name.substring(1)) : host.equals(name);
    return named
        && (matcher.group(2) == null
            ? port == 443 || port == 80
            : port == Integer.parseInt(matcher.group(2)));
  }
}

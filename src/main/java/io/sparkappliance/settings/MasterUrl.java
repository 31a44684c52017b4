package io.sparkappliance.settings;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code spark://host:port[,host:port…]}, as Spark's own programs take it. */
public final class MasterUrl {
  private static final String PREFIX = "spark://";

  private MasterUrl() {}

  /** Of these masters, in this order. */
  public static String of(List<HostAndPort> masters) {
    return PREFIX + masters.stream().map(HostAndPort::toString).collect(Collectors.joining(","));
  }

  /** The masters in it; none where it is something else. */
  public static List<HostAndPort> masters(String url) {
    return url.startsWith(PREFIX)
        ? Arrays.stream(url.substring(PREFIX.length()).split(","))
            .map(HostAndPort::parse)
            .flatMap(Optional::stream)
            .toList()
        : List.of();
  }
}

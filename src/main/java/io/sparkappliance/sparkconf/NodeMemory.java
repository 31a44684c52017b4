package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.MemorySize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory this process and its children may use: the least of all limits that apply. */
public final class NodeMemory {
  private static final Pattern TOTAL = Pattern.compile("(?m)^MemTotal:\\s+(\\d+) kB$");

  private NodeMemory() {}

  /**
   * Reads the host's memory and the limits of the control groups (v1 and v2) this process is in. A
   * group's limit also holds for the groups below it, so that all of them up to the root count.
   *
   * @param root {@code /}, or a directory that looks like it
   * @throws IllegalStateException when the kernel doesn't say how much memory there is
   */
  public static MemorySize read(Path root) {
    long least = memTotal(root);
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      // hierarchy-id:controllers:path; v2 has the id 0 and no controllers.
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[0].equals("0") && parts[1].isEmpty()) {
        for (String mount : List.of("sys/fs/cgroup", "sys/fs/cgroup/unified")) {
          least = Math.min(least, leastLimit(root.resolve(mount), parts[2], "memory.max"));
        }
      } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
        least =
            Math.min(
                least,
                leastLimit(
                    root.resolve("sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes"));
      }
    }
    return new MemorySize(least);
  }

  private static long memTotal(Path root) {
    Path file = root.resolve("proc/meminfo");
    Matcher matcher = TOTAL.matcher(String.join("\n", lines(file)));
    if (!matcher.find()) {
      throw new IllegalStateException(file + " has no MemTotal");
    }
    return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1024L);
  }

  /**
   * In a container the path is often that of the host, of which only the container's own group is
   * mounted, at the top: parts that are not there are skipped.
   */
  private static long leastLimit(Path mount, String group, String file) {
    long least = Long.MAX_VALUE;
    Path top = mount.normalize();
    Path here = top.resolve(group.replaceFirst("^/+", "")).normalize();
    if (!here.startsWith(top)) {
      // A group above the own namespace is written as /../…: nothing of it can be seen from here.
      here = top;
    }
    for (Path at = here; at.startsWith(top); at = at.getParent()) {
      OptionalLong limit = limit(at.resolve(file));
      if (limit.isPresent()) {
        least = Math.min(least, limit.getAsLong());
      }
    }
    return least;
  }

  private static OptionalLong limit(Path file) {
    for (String line : lines(file)) {
      // v2 says "max" where there is no limit, v1 a number near 2^63.
      if (line.strip().matches("\\d{1,18}")) {
        return OptionalLong.of(Long.parseLong(line.strip()));
      }
    }
    return OptionalLong.empty();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("can't read " + file, e);
    }
  }
}

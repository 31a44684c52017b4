package io.sparkappliance.sparkconf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Disks that a host made for scratch: whatever is mounted directly below {@code /mnt/local}. Only
 * mount points count: a plain directory there would be on the container's own file system.
 *
 * @param usable where Spark may write, sorted
 * @param notices which they are, and which are of no use
 */
record LocalDisks(List<Path> usable, List<String> notices) {
  static final LocalDisks NONE = new LocalDisks(List.of(), List.of());

  /** Where the host mounts them, in the container as outside. */
  static final Path BELOW = Path.of("/mnt/local");

  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  /** As the kernel writes a blank, a tab, a line break and a backslash. */
  private static final Pattern ESCAPED = Pattern.compile("\\\\([0-3][0-7]{2})");

  private static final int MOUNT_POINT = 4;

  /** Takes copies that can't be changed. */
  LocalDisks {
    usable = List.copyOf(usable);
    notices = List.copyOf(notices);
  }

  /** Those of this machine or container; none where the kernel doesn't tell. */
  static LocalDisks ofThisMachine() {
    try {
      return Files.isReadable(MOUNTS) ? find(Files.readString(MOUNTS), Files::isWritable) : NONE;
    } catch (IOException unreadable) {
      return NONE;
    }
  }

  /**
   * Finds them.
   *
   * @param mountInfo text of {@code /proc/self/mountinfo}
   * @param writable whether this process may write there
   * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html">mountinfo</a>
   */
  static LocalDisks find(String mountInfo, Predicate<Path> writable) {
    List<Path> usable = new ArrayList<>();
    List<String> notices = new ArrayList<>();
    List<Path> mounted =
        mountInfo
            .lines()
            .map(line -> line.split(" "))
            .filter(fields -> fields.length > MOUNT_POINT)
            .map(fields -> Path.of(unescaped(fields[MOUNT_POINT])))
            .filter(path -> BELOW.equals(path.getParent()))
            .distinct()
            .sorted()
            .toList();
    for (Path disk : mounted) {
      if (disk.toString().contains(",")) {
        notices.add("warning: " + disk + " is not used for scratch: Spark parts paths at commas");
      } else if (writable.test(disk)) {
        usable.add(disk);
      } else {
        notices.add(
            "warning: "
                + disk
                + " is not used for scratch: the user of this process can't write there (chmod 1777"
                + " on the host)");
      }
    }
    if (!usable.isEmpty()) {
      notices.addFirst("scratch is on local disks: " + text(usable));
    }
    return new LocalDisks(usable, notices);
  }

  private static String unescaped(String text) {
    return ESCAPED
        .matcher(text)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(Character.toString(Integer.parseInt(found.group(1), 8))));
  }

  /** As Spark takes several. */
  static String text(List<Path> directories) {
    return directories.stream().map(Path::toString).collect(Collectors.joining(","));
  }
}

package io.sparkappliance.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Everything the tests leave on the Docker engine carries one label: what a run that was killed
 * left behind goes before the next run starts, and what this run made goes when its JVM ends.
 */
final class Lab {
  /** On every container, network, volume and image of these tests. */
  static final String LABEL = "io.sparkappliance.imagetest";

  /** The image with everything in it. */
  static final String IMAGE = System.getProperty("image.full", "spark-appliance:0.1.0");

  /** The image without the notebook. */
  static final String SLIM = System.getProperty("image.slim", "spark-appliance:0.1.0-slim");

  /** Where logs of failed tests, and files that containers read, are kept. */
  static final Path TARGET =
      Path.of(System.getProperty("image.target", "target/image-tests")).toAbsolutePath();

  /** Held by tests that publish the ports of the documentation. */
  static final String HOST_PORTS = "the host's ports 8000 to 18080";

  /** This run, as the value of the label. */
  static final String RUN = Long.toString(ProcessHandle.current().pid());

  private static final List<Container> CONTAINERS = new ArrayList<>();
  private static int names;

  static {
    sweepTheDead();
    requireImage(IMAGE);
    requireImage(SLIM);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> sweep(RUN), "remove-containers"));
  }

  private Lab() {}

  /** A network of its own, removed at the end. */
  static String network(String name) {
    String network = unique(name);
    Docker.ok("network", "create", "--label", LABEL + "=" + RUN, network);
    return network;
  }

  /**
   * One whose containers can be given addresses ({@code --ip}).
   *
   * @param subnet such as {@code 10.1.2.0/24}; no other network may have it
   */
  static String network(String name, String subnet) {
    String network = unique(name);
    Docker.ok("network", "create", "--label", LABEL + "=" + RUN, "--subnet", subnet, network);
    return network;
  }

  /** An empty volume, removed at the end. */
  static String volume(String name) {
    String volume = unique(name);
    Docker.ok("volume", "create", "--label", LABEL + "=" + RUN, volume);
    return volume;
  }

  /** Builds the image of a service that tests need, from {@code src/test/image/services}. */
  static String serviceImage(String service) {
    String tag = "spark-appliance-test/" + service;
    Docker.Output output =
        Docker.run(
            Duration.ofMinutes(8),
            "build",
            "--label",
            LABEL + ".image",
            "--tag",
            tag,
            "src/test/image/services/" + service);
    if (output.exitCode() != 0) {
      throw new AssertionError("The image of " + service + " can't be built:\n" + output.all());
    }
    return tag;
  }

  /** A file that containers can mount: readable by any uid. */
  static Path file(String name, String text) {
    try {
      Path file = directory("files").resolve(unique(name));
      Files.writeString(file, text);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A directory for one purpose below the build directory. */
  static Path directory(String name) {
    try {
      return Files.createDirectories(TARGET.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes every container of a network: room for the next test's. */
  static void removeContainersOf(String network) {
    removeAll("ps --all --quiet --filter network=" + network, "rm --force --volumes");
    synchronized (Lab.class) {
      CONTAINERS.removeIf(Container::isGone);
    }
  }

  static synchronized String unique(String name) {
    names++;
    return "spark-appliance-test-" + RUN + "-" + names + "-" + name;
  }

  static synchronized void started(Container container) {
    CONTAINERS.add(container);
  }

  static synchronized void removed(Container container) {
    CONTAINERS.remove(container);
  }

  /** Keeps what all containers printed, as files of a directory named after the failed test. */
  static synchronized List<Path> saveLogs(String test) {
    return saveLogs(test, CONTAINERS);
  }

  /** Keeps what those of these containers printed that are still there, as files of a directory. */
  static synchronized List<Path> saveLogs(String name, Collection<Container> containers) {
    List<Path> files = new ArrayList<>();
    for (Container container : List.copyOf(containers)) {
      if (!CONTAINERS.contains(container)) {
        continue;
      }
      Path file = directory("logs/" + name).resolve(container.label() + ".log");
      try {
        Files.writeString(file, container.logs());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      files.add(file);
    }
    return files;
  }

  private static void requireImage(String image) {
    if (Docker.run(Duration.ofSeconds(30), "image", "inspect", image).exitCode() != 0) {
      throw new AssertionError(
          "There is no image " + image + " on the Docker engine: run 'make image'.");
    }
  }

  /**
   * Removes what runs that no longer live left behind; another run on this machine is left alone.
   */
  private static void sweepTheDead() {
    List<String> filter =
        List.of("--filter", "label=" + LABEL, "--format", "{{.Label \"" + LABEL + "\"}}");
    Stream.of("ps --all", "network ls", "volume ls")
        .map(list -> new ArrayList<>(List.of(list.split(" "))))
        .peek(words -> words.addAll(filter))
        .flatMap(words -> Docker.ok(words.toArray(String[]::new)).lines())
        .distinct()
        .filter(run -> !isAlive(run))
        .forEach(Lab::sweep);
  }

  private static boolean isAlive(String run) {
    return run.matches("[0-9]+")
        && !run.equals(RUN)
        && ProcessHandle.of(Long.parseLong(run)).isPresent();
  }

  private static void sweep(String run) {
    String filter = " --quiet --filter label=" + LABEL + "=" + run;
    removeAll("ps --all" + filter, "rm --force --volumes");
    removeAll("network ls" + filter, "network rm");
    removeAll("volume ls" + filter, "volume rm --force");
  }

  private static void removeAll(String list, String remove) {
    List<String> ids = Docker.ok(list.split(" ")).lines().toList();
    if (!ids.isEmpty()) {
      List<String> command = new ArrayList<>(List.of(remove.split(" ")));
      command.addAll(ids);
      Docker.run(Duration.ofMinutes(2), command.toArray(String[]::new));
    }
  }
}

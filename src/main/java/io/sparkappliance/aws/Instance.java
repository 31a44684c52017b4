package io.sparkappliance.aws;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Problem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The EC2 instance that this node runs on.
 *
 * @param identity which one it is
 * @param metadata answers more questions
 */
public record Instance(InstanceIdentity identity, MetadataService metadata) {
  /** Switches the metadata service off for every AWS SDK, and here. */
  public static final String DISABLED = "AWS_EC2_METADATA_DISABLED";

  /** Where every AWS SDK looks for the service's address, and so is this. */
  public static final String ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

  private static final String ADDRESS = "http://169.254.169.254";

  /** The service is a hop away, if it is there: a machine elsewhere shall not wait for it. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** An instance that has just been started may have its service a little later. */
  private static final Duration WAIT = Duration.ofSeconds(30);

  private static final Duration PAUSE = Duration.ofSeconds(1);

  /**
   * Finds out whether this machine is one: by the vendor that its firmware names, so that a machine
   * elsewhere is known without a call, or, where that says nothing, by a look at the metadata
   * service of a quarter of a second.
   *
   * @param environment {@code AWS_EC2_METADATA_…}, as AWS's SDKs take them
   * @param root of the file system
   * @param progress is told that the service is waited for
   * @return empty elsewhere
   * @throws ConfigurationException when the address of the service is none
   * @throws UnansweredException when this is EC2, or a service is named, and it doesn't answer for
   *     30 seconds
   */
  public static Optional<Instance> find(
      Map<String, String> environment, Path root, Consumer<String> progress)
      throws UnansweredException {
    return find(environment, vendor(root), progress, WAIT);
  }

  static Optional<Instance> find(
      Map<String, String> environment, Vendor vendor, Consumer<String> progress, Duration wait)
      throws UnansweredException {
    if (Boolean.parseBoolean(environment.getOrDefault(DISABLED, ""))) {
      return Optional.empty();
    }
    String named = environment.getOrDefault(ENDPOINT, "").replaceFirst("/+$", "");
    if (!named.isEmpty()) {
      return Optional.of(await(endpoint(named), "it is named by " + ENDPOINT, progress, wait));
    }
    URI usual = URI.create(ADDRESS);
    return switch (vendor) {
      case AMAZON -> Optional.of(await(usual, "this machine is on EC2", progress, wait));
      case UNKNOWN -> look(usual);
      case ANOTHER -> Optional.empty();
    };
  }

  /** Whose machine this is, as far as its firmware tells. */
  enum Vendor {
    /** EC2's, of all types since 2017. */
    AMAZON,
    /** It says nothing, or that it is a Xen guest, as EC2's older types do and others, too. */
    UNKNOWN,
    /** Somebody else's. */
    ANOTHER
  }

  static Vendor vendor(Path root) {
    try {
      String name =
          Files.readString(root.resolve("sys/class/dmi/id/sys_vendor"))
              .strip()
              .toLowerCase(Locale.ROOT);
      return switch (name) {
        case "amazon ec2" -> Vendor.AMAZON;
        case "xen" -> isXenOfAmazon(root) ? Vendor.AMAZON : Vendor.UNKNOWN;
        case "" -> Vendor.UNKNOWN;
        default -> Vendor.ANOTHER;
      };
    } catch (IOException unreadable) {
      return Vendor.UNKNOWN;
    }
  }

  /**
   * As the user guide of EC2 tells how to recognise one.
   *
   * @see <a
   *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html">Identify
   *     EC2 instances</a>
   */
  private static boolean isXenOfAmazon(Path root) {
    try {
      return Files.readString(root.resolve("sys/hypervisor/uuid"))
          .toLowerCase(Locale.ROOT)
          .startsWith("ec2");
    } catch (IOException unreadable) {
      return false;
    }
  }

  private static URI endpoint(String given) {
    try {
      URI uri = URI.create(given);
      if (uri.getHost() != null && "http".equals(uri.getScheme())) {
        return uri;
      }
    } catch (IllegalArgumentException noUri) {
      // Said below.
    }
    throw new ConfigurationException(
        new Problem(
            ENDPOINT,
            given,
            "must be the http: address of an instance metadata service",
            "Leave it out: the usual one is " + ADDRESS + "."));
  }

  private static Optional<Instance> look(URI endpoint) {
    try {
      return Optional.of(ask(endpoint, LOOK));
    } catch (IOException nobody) {
      return Optional.empty();
    }
  }

  private static Instance ask(URI endpoint, Duration firstPatience) throws IOException {
    Optional<String> document =
        new MetadataService(endpoint, firstPatience).get(InstanceIdentity.PATH);
    if (document.isEmpty()) {
      throw new IOException(endpoint + " has no instance identity document");
    }
    return new Instance(
        InstanceIdentity.parse(document.get()), new MetadataService(endpoint, PATIENCE));
  }

  private static Instance await(URI endpoint, String why, Consumer<String> progress, Duration wait)
      throws UnansweredException {
    long deadline = System.nanoTime() + wait.toNanos();
    boolean told = false;
    while (true) {
      try {
        return ask(endpoint, PATIENCE);
      } catch (IOException notYet) {
        if (System.nanoTime() - deadline > 0) {
          throw unanswered(endpoint, why, wait, notYet);
        }
        if (!told) {
          progress.accept("waits for the instance metadata service " + endpoint);
          told = true;
        }
        if (!Pauses.pause(PAUSE)) {
          throw unanswered(endpoint, why, wait, notYet);
        }
      }
    }
  }

  private static UnansweredException unanswered(
      URI endpoint, String why, Duration wait, IOException last) {
    return new UnansweredException(
        new Problem(
            "instance metadata service",
            endpoint.toString(),
            "%s, and the service has not answered for %d seconds (%s)"
                .formatted(why, wait.toSeconds(), last.getMessage()),
            "A container's call makes one hop more than the instance's own: give the instance the"
                + " hop limit 2 (HttpPutResponseHopLimit), or run the container in the host's"
                + " network. To do without the service, set "
                + DISABLED
                + "=true and AWS_REGION."));
  }

  /** The service that must be there doesn't answer. */
  public static final class UnansweredException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    UnansweredException(Problem problem) {
      super(problem.toString());
      this.problem = problem;
    }

    /** For who can't do without. */
    public Problem problem() {
      return problem;
    }
  }
}

package io.sparkappliance.spark;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.DeployMessages;
import org.apache.spark.deploy.DriverDescription;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.util.Utils;
import scala.reflect.ClassTag$;

/** The cluster's masters, of which the one that leads starts and ends drivers. */
final class DriverMasters {
  private static final String MASTER = "Master";
  private static final Duration PAUSE = Duration.ofMillis(300);

  private final SparkConf conf;
  private final RpcEnv rpc;

  private DriverMasters(SparkConf conf, RpcEnv rpc) {
    this.conf = conf;
    this.rpc = rpc;
  }

  /** It is known that no master has taken the driver. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    RefusedException(String why) {
      super(why);
    }
  }

  /** Those that this node's configuration names. */
  static DriverMasters ofThisNode() {
    SparkConf conf = new SparkConf();
    Utils.loadDefaultSparkProperties(conf, null);
    // A node's drivers may wait long for each other; a master that is asked answers at once.
    conf.set("spark.rpc.askTimeout", "10s");
    conf.set("spark.rpc.lookupTimeout", "10s");
    RpcEnv rpc =
        RpcEnv.create(
            "driverClient",
            Utils.localHostName(),
            0,
            conf,
            new SecurityManager(
                conf,
                SecurityManager.$lessinit$greater$default$2(),
                SecurityManager.$lessinit$greater$default$3()),
            true);
    return new DriverMasters(conf, rpc);
  }

  /** The node's settings for all applications. */
  SparkConf conf() {
    return conf;
  }

  private List<RpcAddress> addresses() {
    return Arrays.stream(Utils.parseStandaloneMasterUrls(conf.get("spark.master")))
        .map(RpcAddress::fromSparkURL)
        .toList();
  }

  /**
   * Has a driver started.
   *
   * @param deadline until when a master that leads is looked for, by {@link System#nanoTime}
   * @return its id
   * @throws RefusedException when no master takes it
   * @throws IOException when it is not known whether one did
   */
  String submit(DriverDescription driver, long deadline) throws RefusedException, IOException {
    String why = "";
    do {
      for (RpcAddress address : addresses()) {
        RpcEndpointRef master;
        try {
          master = rpc.setupEndpointRef(address, MASTER);
        } catch (Exception unreachable) {
          // Of any kind: Scala throws what it does not declare.
          why = address + " can't be reached: " + unreachable.getMessage();
          continue;
        }
        DeployMessages.SubmitDriverResponse response;
        try {
          response =
              master.askSync(
                  new DeployMessages.RequestSubmitDriver(driver),
                  ClassTag$.MODULE$.apply(DeployMessages.SubmitDriverResponse.class));
        } catch (Exception silent) {
          throw new IOException(
              address + " was asked to start the driver, and did not answer", silent);
        }
        if (response.success()) {
          return response.driverId().get();
        }
        why = response.message();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    } while (System.nanoTime() < deadline);
    throw new RefusedException(why);
  }

  /** Why the leading master says that a driver could not be started or went on no more. */
  Optional<String> trouble(String id) {
    for (RpcAddress address : addresses()) {
      try {
        DeployMessages.DriverStatusResponse status =
            rpc.setupEndpointRef(address, MASTER)
                .askSync(
                    new DeployMessages.RequestDriverStatus(id),
                    ClassTag$.MODULE$.apply(DeployMessages.DriverStatusResponse.class));
        if (status.found()) {
          return status.exception().isDefined()
              ? Optional.ofNullable(status.exception().get().getMessage())
              : Optional.empty();
        }
      } catch (Exception unreachable) {
        // Of any kind; another may lead.
      }
    }
    return Optional.empty();
  }

  /**
   * Has a driver ended; it takes its worker a moment.
   *
   * @param deadline until when it is tried, by {@link System#nanoTime}
   * @return whether a master that leads was told
   */
  boolean kill(String id, long deadline) {
    do {
      for (RpcAddress address : addresses()) {
        try {
          DeployMessages.KillDriverResponse response =
              rpc.setupEndpointRef(address, MASTER)
                  .askSync(
                      new DeployMessages.RequestKillDriver(id),
                      ClassTag$.MODULE$.apply(DeployMessages.KillDriverResponse.class));
          if (!Utils.responseFromBackup(response.message())) {
            return true;
          }
        } catch (Exception unreachable) {
          // Of any kind; another may lead, or the same again in a moment.
        }
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    } while (System.nanoTime() < deadline);
    return false;
  }
}

package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterDrivers.Driver;
import io.sparkappliance.cluster.ClusterDrivers.LogText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;

/** The drivers on the cluster's workers, as the leading master starts, ends and knows them. */
interface Drivers {
  /** What became of a request for a driver. */
  sealed interface Answer {}

  /**
   * A master has taken it.
   *
   * @param id the driver's
   */
  record Accepted(String id) implements Answer {}

  /**
   * No master has taken it.
   *
   * @param why as the masters say
   */
  record Refused(String why) implements Answer {}

  /**
   * A master may have taken it.
   *
   * @param why this is not known
   */
  record Unknown(String why) implements Answer {}

  /**
   * Asks for a driver. Once it is begun the request goes on, whoever waits for its answer.
   *
   * @param program what to run, as {@link DriverProgram} describes it
   * @param log file for what goes wrong
   * @param leaving counted down when nobody waits for the answer any more
   * @return empty when nobody waits
   * @throws IOException when nothing was asked
   */
  Optional<Answer> submit(Properties program, Path log, CountDownLatch leaving)
      throws IOException, InterruptedException;

  /**
   * Asks for a driver's end; it takes its worker a moment.
   *
   * @throws IOException when no master was told
   */
  void kill(String id) throws IOException, InterruptedException;

  /**
   * Why the master says that a driver did not run.
   *
   * @throws IOException when it can't be asked
   */
  Optional<String> trouble(String id) throws IOException, InterruptedException;

  /** All that the leading master knows; empty when none leads. */
  Optional<List<Driver>> now();

  /**
   * A part of what a driver with a worker writes.
   *
   * @param stream {@code stdout}, {@code stderr}, or {@code out} for its {@link ApplicationNotes
   *     note}
   * @param offset its first byte
   * @param length how many bytes, at most
   * @return empty when it can't be read now
   */
  Optional<LogText> log(Driver driver, String stream, long offset, int length);

  /** How long a master that leads may not know a driver; it may still be asked for. */
  Duration patience();
}

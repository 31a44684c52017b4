package io.sparkappliance.jobs;

import io.sparkappliance.cluster.ClusterView;
import io.sparkappliance.cluster.DriverClient;
import io.sparkappliance.cluster.SparkPages;
import io.sparkappliance.cluster.Work;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Settings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * How far SQL jobs are, as the thrift server's driver tells. It is asked only when somebody wants
 * to know, and then once for all jobs; whoever asks waits a moment for it and no longer.
 */
final class SqlProgress {
  private static final Duration FRESH = Duration.ofSeconds(1);

  /** A driver whose page is off, or shut to us, will not open it soon. */
  private static final Duration PAUSE = Duration.ofSeconds(15);

  private static final Duration PATIENCE = Duration.ofMillis(1500);
  private static final int MOST_APPLICATIONS = 16;

  private final DriverClient client;
  private final Pages pages;

  private final Map<String, Driver> drivers =
      new LinkedHashMap<>(MOST_APPLICATIONS, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Driver> eldest) {
          return size() > MOST_APPLICATIONS;
        }
      };

  /** Where an application's pages may be. */
  @FunctionalInterface
  interface Pages {
    /**
     * Addresses to try, in this order, without a slash at their ends.
     *
     * @param application its id
     * @param host where its driver runs
     */
    List<String> of(String application, String host);
  }

  SqlProgress(DriverClient client, Pages pages) {
    this.client = client;
    this.pages = pages;
  }

  /**
   * Of the drivers of a node's thrift servers: behind the leading master's page, which knows where
   * they are, else where this node's own would be.
   *
   * @param settings the ports of both pages, and whether they ask for a certificate
   */
  static SqlProgress of(Settings settings, ClusterView cluster) {
    Settings.Ports ports = settings.network().ports();
    return new SqlProgress(
        new DriverClient(SparkPages.client(settings.access().ssl())),
        (application, host) ->
            Stream.concat(
                    cluster.aliveMasterAddress().stream()
                        .map(
                            leader ->
                                new HostAndPort(leader, ports.masterUi())
                                    + "/proxy/"
                                    + application),
                    Stream.of(new HostAndPort(host, ports.sqlUi()).toString()))
                .map(page -> "http://" + page)
                .toList());
  }

  /** How far a run is; empty where nobody can tell. */
  Optional<JobProgress> of(SqlRunner.Run run) {
    return run.session()
        .flatMap(
            session ->
                session
                    .application()
                    .flatMap(application -> driver(application, session.server().host()).now()))
        .map(
            told -> {
              SqlRunner.Run.Step step = run.step(told.work());
              return new JobProgress(step.work(), step.percent(), told.page() + "/");
            });
  }

  private Driver driver(String application, String host) {
    synchronized (drivers) {
      return drivers.computeIfAbsent(application, id -> new Driver(id, host));
    }
  }

  /**
   * An answer.
   *
   * @param page which page gave it
   * @param work by job groups
   */
  private record Told(String page, Map<String, Work> work) {}

  private final class Driver {
    private final String application;
    private final String host;
    private Optional<Told> last = Optional.empty();
    private Optional<CompletableFuture<Void>> asking = Optional.empty();
    private long next = System.nanoTime();

    Driver(String application, String host) {
      this.application = application;
      this.host = host;
    }

    Optional<Told> now() {
      Optional<CompletableFuture<Void>> answer;
      synchronized (this) {
        if (asking.isEmpty() && System.nanoTime() - next >= 0) {
          asking = Optional.of(CompletableFuture.runAsync(this::ask, Thread::startVirtualThread));
        }
        answer = asking;
      }
      try {
        if (answer.isPresent()) {
          answer.get().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }
      } catch (TimeoutException | ExecutionException later) {
        // What it told before is better than nothing.
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
      synchronized (this) {
        return last;
      }
    }

    private void ask() {
      Optional<Told> told = Optional.empty();
      try {
        told = known().flatMap(page -> ask(page).stream()).findFirst();
      } finally {
        synchronized (this) {
          last = told.or(() -> last);
          next = System.nanoTime() + (told.isPresent() ? FRESH : PAUSE).toNanos();
          asking = Optional.empty();
        }
      }
    }

    /** The one that answered last first: to find out which master leads takes a call, too. */
    private Stream<String> known() {
      Optional<String> good;
      synchronized (this) {
        good = last.map(Told::page);
      }
      return Stream.concat(
          good.stream(),
          Stream.of(application)
              .flatMap(id -> pages.of(id, host).stream())
              .filter(page -> !good.equals(Optional.of(page))));
    }

    private Optional<Told> ask(String page) {
      return client.work(page, application).map(work -> new Told(page, work));
    }
  }
}

package io.sparkappliance.gateway;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;

/**
 * Ends connections of clients that send just enough to be no idle ones: with many of them anybody
 * could take all places. Jetty's own time-out begins again with every byte.
 */
final class SlowClients
    implements Connection.Listener, HttpConfiguration.Customizer, AutoCloseable {
  private static final int TIMED_OUT = 408;
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Duration header;
  private final Duration grace;
  private final long bytesPerSecond;

  /**
   * A connection whose next request is waited for.
   *
   * @param connection the innermost one: there are others around it with TLS
   * @param since by {@link System#nanoTime}
   */
  private record Waiting(Connection connection, long since) {}

  /** By what carries them. */
  private final Map<Object, Waiting> waiting = new ConcurrentHashMap<>();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("slow-clients").factory());

  /**
   * Looks at nobody yet.
   *
   * @param header time for the headers of a request, from the end of the one before
   * @param grace time in which a body may come as slowly as it likes
   * @param bytesPerSecond of a body on average after that, at least
   */
  SlowClients(Duration header, Duration grace, long bytesPerSecond) {
    this.header = header;
    this.grace = grace;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Ends connections from now on. */
  void start() {
    var _ =
        timer.scheduleWithFixedDelay(
            this::endThose, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void endThose() {
    long now = System.nanoTime();
    waiting.forEach(
        (carrier, it) -> {
          if (now - it.since() > header.toNanos() && waiting.remove(carrier, it)) {
            it.connection().getEndPoint().close(new TimeoutException("no request came"));
          }
        });
  }

  @Override
  public void onOpened(Connection connection) {
    waitFor(connection);
  }

  private void waitFor(Connection connection) {
    waiting.put(carrier(connection), new Waiting(connection, System.nanoTime()));
  }

  @Override
  public void onClosed(Connection connection) {
    waiting.remove(carrier(connection));
  }

  private static Object carrier(Connection connection) {
    return connection.getEndPoint().getTransport();
  }

  @Override
  public Request customize(Request request, HttpFields.Mutable responseHeaders) {
    Connection connection = request.getConnectionMetaData().getConnection();
    waiting.remove(carrier(connection));
    Request.addCompletionListener(
        request,
        failure -> {
          if (connection.getEndPoint().isOpen()) {
            waitFor(connection);
          }
        });
    return request.getLength() == 0 ? request : new Measured(request);
  }

  /** What to answer when this is why a body could not be read; empty: it is not. */
  static Optional<RefusedException> refusal(Throwable trouble) {
    for (Throwable cause = trouble; cause != null; cause = cause.getCause()) {
      boolean slow = cause instanceof HttpException told && told.getCode() == TIMED_OUT;
      if (slow || cause instanceof TimeoutException) {
        return Optional.of(
            new RefusedException(TIMED_OUT, "The body of this request came too slowly."));
      }
    }
    return Optional.empty();
  }

  /** A request whose body has to come at a speed. */
  private final class Measured extends Request.Wrapper {
    private final long begin = System.nanoTime();
    private long bytes;
    private HttpException.RuntimeException failure;

    Measured(Request wrapped) {
      super(wrapped);
    }

    @Override
    public Content.Chunk read() {
      if (failure != null) {
        return Content.Chunk.from(failure);
      }
      Content.Chunk chunk = super.read();
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return chunk;
      }
      bytes += chunk.remaining();
      if (chunk.isLast() || !isTooSlow()) {
        return chunk;
      }
      chunk.release();
      failure = new HttpException.RuntimeException(TIMED_OUT, "The body came too slowly.");
      return Content.Chunk.from(failure);
    }

    private boolean isTooSlow() {
      long nanos = System.nanoTime() - begin;
      return nanos > grace.toNanos()
          && bytes < bytesPerSecond * TimeUnit.NANOSECONDS.toSeconds(nanos);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}

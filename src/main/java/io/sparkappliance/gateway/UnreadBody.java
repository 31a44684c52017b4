package io.sparkappliance.gateway;

import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads on what a client still sends although its request is refused already. A server that closes
 * a connection on which bytes arrive makes the client's system drop the answer (RFC 9112, section
 * 9.6), so that people would see a broken connection instead of the reason.
 */
final class UnreadBody {
  private static final Logger LOG = LoggerFactory.getLogger(UnreadBody.class);
  private static final Duration LONGEST = Duration.ofSeconds(10);
  private static final int FIRST_ERROR = 400;

  private UnreadBody() {}

  /** Discards the rest of the body of a POST that is answered with an error, for a limited time. */
  static void discard(Context context) {
    boolean refused =
        context.method().equals(HandlerType.POST)
            && context.status().getCode() >= FIRST_ERROR
            // Such a client waits for a word before it sends anything.
            && context.header("Expect") == null;
    if (!refused) {
      return;
    }
    long end = System.nanoTime() + LONGEST.toNanos();
    byte[] buffer = new byte[64 << 10];
    try {
      InputStream body = context.req().getInputStream();
      while (System.nanoTime() < end && body.read(buffer) >= 0) {
        // Nobody wants it.
      }
    } catch (IOException | RuntimeException gone) {
      LOG.debug("the rest of a refused request can't be read", gone);
    }
  }
}

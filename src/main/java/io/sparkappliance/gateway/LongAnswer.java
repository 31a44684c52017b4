package io.sparkappliance.gateway;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers that are sent while they are made. When one can't be made to its end, its connection is
 * closed: after its beginning no other status can be sent, and an answer that ends in order would
 * look whole (RFC 9112, section 8).
 */
final class LongAnswer {
  private static final Logger LOG = LoggerFactory.getLogger(LongAnswer.class);
  private static final String CARRIER = LongAnswer.class.getName();

  /** Makes an answer. */
  @FunctionalInterface
  interface Body {
    /** Writes all of it. */
    void writeTo(OutputStream out) throws IOException;
  }

  private LongAnswer() {}

  /** Remembers what carries a request; a customizer of Jetty's. */
  static Request remember(Request request, HttpFields.Mutable headers) {
    request.setAttribute(CARRIER, request.getConnectionMetaData().getConnection().getEndPoint());
    return request;
  }

  /**
   * Sends an answer whose status and headers are set.
   *
   * @throws IOException when it can't be made and nothing of it is sent: the usual error can be; or
   *     when nobody reads it any more
   */
  static void send(Context context, Body body) throws IOException {
    OutputStream out = context.outputStream();
    try {
      body.writeTo(out);
    } catch (EofException gone) {
      throw gone;
    } catch (IOException | RuntimeException broken) {
      // What was begun to be packed can't be begun anew.
      if (!context.res().isCommitted() && context.res().getHeader("Content-Encoding") == null) {
        context.res().resetBuffer();
        throw broken;
      }
      LOG.error(
          "the answer to {} {} breaks off",
          context.method(),
          Answers.printable(SparkPage.withoutPass(context.path())),
          broken);
      if (context.req().getAttribute(CARRIER) instanceof EndPoint carrier) {
        carrier.close(broken);
      }
      throw new EofException(broken);
    }
  }
}

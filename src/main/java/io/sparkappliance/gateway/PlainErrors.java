package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Answers requests that are so malformed that no handler sees them, as the handlers would. */
final class PlainErrors extends ErrorHandler {
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      String message,
      Throwable cause,
      Callback callback) {
    String sentence =
        switch (code) {
          case 408 -> "The request came too slowly.";
          case 414 -> "The address of this request is too long.";
          case 431 -> "The headers of this request are too large.";
          case 505 -> "This server speaks HTTP/1.1.";
          default -> code < 500 ? "This request is malformed." : "An unexpected error.";
        };
    ObjectNode body = Answers.object().put("error", sentence);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Answers.JSON_TYPE);
    response.getHeaders().put("X-Content-Type-Options", "nosniff");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    // Nobody knows where the next request would begin.
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    Content.Sink.write(response, true, body.toString(), callback);
  }
}

package io.sparkappliance.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LongAnswerTest {
  private final Doors doors = new Doors(Optional.empty(), Doors.Limits.USUAL);
  private final HttpClient client = HttpClient.newHttpClient();
  private Javalin server;

  @BeforeEach
  void open() {
    server =
        Javalin.create(
                config -> {
                  config.startup.showJavalinBanner = false;
                  config.jetty.host = "127.0.0.1";
                  config.jetty.port = 0;
                  doors.open(config.jetty);
                  config.routes.get("/whole", context -> send(context, 1 << 20, false));
                  config.routes.get("/broken", context -> send(context, 1 << 20, true));
                  config.routes.get("/never-begun", context -> send(context, 10, true));
                  config.routes.exception(
                      IOException.class,
                      (trouble, context) -> context.status(500).result(trouble.getMessage()));
                })
            .start();
  }

  @AfterEach
  void close() {
    client.close();
    server.stop();
    doors.close();
  }

  private static void send(Context context, int bytes, boolean breaks) throws IOException {
    LongAnswer.send(
        context,
        out -> {
          out.write(new byte[bytes]);
          if (breaks) {
            throw new IOException("the disk is gone");
          }
        });
  }

  private HttpResponse<byte[]> get(String path) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + server.port() + path);
    return client.send(
        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void what_can_be_made_is_sent_to_its_end() throws Exception {
    assertThat(get("/whole").body()).hasSize(1 << 20);
  }

  @Test
  void who_reads_sees_that_an_answer_broke_off() {
    assertThatThrownBy(() -> get("/broken")).isInstanceOf(IOException.class);
  }

  @Test
  void an_error_before_anything_is_sent_is_told() throws Exception {
    HttpResponse<byte[]> answer = get("/never-begun");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).asString().isEqualTo("the disk is gone");
  }
}

package io.sparkappliance.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The notebook asks for the token (no other was given) and is wired to the cluster. */
@ExtendWith(LabExtension.class)
@ResourceLock(SharedNode.LOCK)
final class NotebookIT {
  private static SharedNode node;
  private static URI notebook;
  private static String token;

  @BeforeAll
  static void start() {
    node = SharedNode.get().withFlights();
    notebook = node.container().http(8888, "/");
    token = SharedNode.NOTEBOOK_TOKEN;
  }

  @Test
  void aStrangerGetsNothing() {
    assertThat(Http.get(notebook.resolve("/api/kernels")).code()).isEqualTo(403);
    assertThat(Http.get(notebook.resolve("/lab")).code()).isIn(302, 403);
    assertThat(Http.get(notebook.resolve("/api/kernels?token=wrong")).code()).isEqualTo(403);
    assertThat(
            Http.send(
                    HttpRequest.newBuilder(notebook.resolve("/api/kernels"))
                        .POST(HttpRequest.BodyPublishers.ofString("{}")))
                .code())
        .isEqualTo(403);
  }

  @Test
  void whoHasTheTokenGetsIn() {
    assertThat(Http.get(notebook.resolve("/lab?token=" + token)).code()).isIn(200, 302);
    assertThat(Http.get(notebook.resolve("/api/kernelspecs?token=" + token)).text())
        .contains("python3");
  }

  @Test
  void aCellRunsOnTheClusterWithItsPythonLibraries() throws Exception {
    try (Kernel kernel = Kernel.start(notebook, token, "python3")) {
      String output =
          kernel.run(
              """
              from pyspark.sql import SparkSession, functions as f
              spark = SparkSession.builder.appName("notebook").getOrCreate()

              def greeting(name):
                  import greeter
                  return greeter.greet(name)

              print(spark.sparkContext.master)
              print(greeting("driver"))
              print(spark.sparkContext.parallelize(["executor"], 1).map(greeting).collect()[0])
              print("flights", spark.read.parquet("%s").count())
              spark.stop()
              """
                  .formatted(SharedNode.WAREHOUSE_FLIGHTS));
      assertThat(output)
          .contains(
              "spark://", "Good day, driver", "Good day, executor", "flights " + Flights.COUNT);
    }
  }
}

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Clients that ask for the same result again and again, each as soon as it has the last one.
 *
 * <p>Arguments: the gateway's address, the JDBC address, a file with the token. Each line that is
 * read is a run: {@code WAY ROWS CLIENTS SECONDS}; its answer is a line {@code ran ELAPSED FAILURES
 * LATENCY…}, all times in milliseconds. When the seconds are over no client asks anew; each has
 * asked at least once.
 */
public final class Load {
  private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([0-9a-f]{32})\"");
  private static final Pattern STATE = Pattern.compile("\"state\"\\s*:\\s*\"(\\w+)\"");
  private static final Pattern OPEN = Pattern.compile("queued|starting|running");
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** How long the old calls' client waits before it asks again: longer each time. */
  private static final Duration FIRST_PAUSE = Duration.ofMillis(10);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final String gateway;
  private final String jdbc;
  private final Path tokenFile;
  private final String token;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Load(String gateway, String jdbc, Path tokenFile) throws IOException {
    this.gateway = gateway;
    this.jdbc = jdbc;
    this.tokenFile = tokenFile;
    this.token = Files.readString(tokenFile).strip();
  }

  public static void main(String[] arguments) throws Exception {
    Load load = new Load(arguments[0], arguments[1], Path.of(arguments[2]));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      load.run(
          words[0],
          Integer.parseInt(words[1]),
          Integer.parseInt(words[2]),
          Double.parseDouble(words[3]));
    }
  }

  /** Gets a result once. */
  private interface Client extends AutoCloseable {
    /** Counts what it got. */
    long ask() throws Exception;

    @Override
    default void close() throws SQLException {}
  }

  private Client client(String way, int rows) throws SQLException {
    String sql = sql(rows);
    switch (way) {
      case "api":
        return () -> api(sql);
      case "contract":
        return () -> contract(sql, rows);
      case "login":
        return () -> {
          try (Connection connection = connect()) {
            return read(connection, sql);
          }
        };
      case "jdbc":
        return kept(sql);
      case "beeline":
        return () -> beeline(sql);
      default:
        throw new IllegalArgumentException(way);
    }
  }

  private static String sql(int rows) {
    return rows == 1
        ? "select 1"
        : "select id, id * 2 as twice, concat('row number ', id) as name from range(" + rows + ")";
  }

  private void run(String way, int rows, int clients, double seconds) throws Exception {
    ConcurrentLinkedQueue<Double> latencies = new ConcurrentLinkedQueue<>();
    ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    List<Client> all = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    try {
      for (int i = 0; i < clients; i++) {
        all.add(client(way, rows));
      }
      long begun = System.nanoTime();
      for (Client client : all) {
        Thread thread =
            new Thread(
                () -> {
                  do {
                    long asked = System.nanoTime();
                    try {
                      long got = client.ask();
                      if (got != rows) {
                        throw new IOException(got + " rows instead of " + rows);
                      }
                      latencies.add(milliseconds(asked));
                    } catch (Exception failure) {
                      failures.add(failure.toString());
                      return;
                    }
                  } while (milliseconds(begun) < seconds * 1000);
                });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      StringBuilder line = new StringBuilder("ran " + milliseconds(begun) + " " + failures.size());
      latencies.forEach(latency -> line.append(' ').append(latency));
      failures.stream().limit(3).forEach(failure -> System.err.println(way + ": " + failure));
      System.out.println(line);
    } finally {
      for (Client client : all) {
        client.close();
      }
    }
  }

  private static double milliseconds(long begun) {
    return (System.nanoTime() - begun) / 1e6;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(gateway + path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + token);
  }

  private static <T> HttpResponse<T> checked(HttpResponse<T> answer) throws IOException {
    if (answer.statusCode() >= 300) {
      throw new IOException(answer.request().uri().getPath() + ": " + answer.statusCode());
    }
    return answer;
  }

  private String text(HttpRequest request) throws IOException, InterruptedException {
    return checked(http.send(request, BodyHandlers.ofString())).body();
  }

  /** Submits, waits, and reads the result as CSV, whose first line has the names. */
  private long api(String sql) throws IOException, InterruptedException {
    String body = "{\"sql\": \"" + sql + "\"}";
    String job =
        text(
            request("/api/v1/queries?wait=60")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build());
    String id = first(ID, job);
    while (OPEN.matcher(first(STATE, job)).matches()) {
      job = text(request("/api/v1/jobs/" + id).build());
    }
    return lines(request("/api/v1/jobs/" + id + "/results?format=csv").build()) - 1;
  }

  /** The old calls; the output is a table as beeline draws it: names and rules every 100 rows. */
  private long contract(String sql, int rows) throws IOException, InterruptedException {
    String part =
        "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"query.sql\"\r\n\r\n"
            + sql
            + "\r\n--part--\r\n";
    String id =
        text(request("/send_query")
                .header("Content-Type", "multipart/form-data; boundary=part")
                .POST(BodyPublishers.ofString(part))
                .build())
            .strip();
    long pause = FIRST_PAUSE.toNanos();
    int status = 200;
    while (status == 200) {
      LockSupport.parkNanos(pause);
      pause = Math.min(pause * 3 / 2, LONGEST_PAUSE.toNanos());
      status =
          checked(http.send(request("/get_job_status/" + id).build(), BodyHandlers.discarding()))
              .statusCode();
    }
    return lines(request("/get_job_output/" + id).build()) - 3 * ((rows + 99) / 100) - 1;
  }

  private long lines(HttpRequest request) throws IOException, InterruptedException {
    try (InputStream body = checked(http.send(request, BodyHandlers.ofInputStream())).body()) {
      return lines(body);
    }
  }

  private static long lines(InputStream stream) throws IOException {
    long lines = 0;
    byte[] buffer = new byte[1 << 16];
    for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
      for (int i = 0; i < read; i++) {
        lines += buffer[i] == '\n' ? 1 : 0;
      }
    }
    return lines;
  }

  private static String first(Pattern pattern, String text) throws IOException {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new IOException("no " + pattern + " in " + text);
    }
    return matcher.group(1);
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(jdbc, "somebody", token);
  }

  /** A connection that stays. */
  private Client kept(String sql) throws SQLException {
    Connection connection = connect();
    return new Client() {
      @Override
      public long ask() throws SQLException {
        return read(connection, sql);
      }

      @Override
      public void close() throws SQLException {
        connection.close();
      }
    };
  }

  private static long read(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int columns = rows.getMetaData().getColumnCount();
      long read = 0;
      while (rows.next()) {
        for (int column = 1; column <= columns; column++) {
          rows.getString(column);
        }
        read++;
      }
      return read;
    }
  }

  /** A process for each query. */
  private long beeline(String sql) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "beeline",
                "-u",
                jdbc,
                "-n",
                "somebody",
                "-w",
                tokenFile.toString(),
                "--silent=true",
                "--outputformat=csv2",
                "-e",
                sql)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    long lines;
    try (InputStream out = process.getInputStream()) {
      lines = lines(out);
    }
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException("beeline ended with " + code);
    }
    return lines - 1;
  }
}

package io.sparkappliance.daemon;

import io.sparkappliance.cluster.Endpoint;
import io.sparkappliance.cluster.HiveJdbc;
import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.Secret;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;

/**
 * Ready when a login works and a statement is answered. Where a file of the operator's decides who
 * may log in, an answer that refuses the login is as good: the token is not for such a server.
 */
final class ThriftProbe implements Probe {
  private static final int TIMEOUT_SECONDS = 60;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  /** Loads the JDBC driver; not before it is needed. */
  @FunctionalInterface
  interface DriverSource {
    HiveJdbc load() throws IOException;
  }

  private final DriverSource source;
  private final HostAndPort server;
  private final String user;
  private final Optional<Secret> token;
  private final String query;
  private HiveJdbc driver;

  ThriftProbe(
      DriverSource source, HostAndPort server, String user, Optional<Secret> token, String query) {
    this.source = source;
    this.server = server;
    this.user = user;
    this.token = token;
    this.query = query;
  }

  @Override
  public synchronized Optional<String> missing() {
    // A look at the port is cheaper than a driver that logs its failure.
    if (!Endpoint.accepts(server, CONNECT_TIMEOUT)) {
      return Optional.of("port " + server.port() + " does not answer");
    }
    try {
      if (driver == null) {
        driver = source.load();
      }
      try (Connection connection =
              driver.connect(server, user, token.orElse(HiveJdbc.NO_PASSWORD));
          Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(TIMEOUT_SECONDS);
        statement.execute(query);
        return Optional.empty();
      }
    } catch (SQLTimeoutException late) {
      return Optional.of(query + " takes too long");
    } catch (SQLException refused) {
      if (token.isEmpty() && isRefusedLogin(refused)) {
        return Optional.empty();
      }
      return Optional.of(query + " fails: " + firstLine(refused));
    } catch (IOException noDriver) {
      return Optional.of("the JDBC driver can't be loaded: " + noDriver.getMessage());
    }
  }

  private static boolean isRefusedLogin(SQLException failure) {
    String text = String.valueOf(failure.getMessage());
    return text.contains("Error validating the login") || text.contains("Peer indicated failure");
  }

  private static String firstLine(SQLException failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}

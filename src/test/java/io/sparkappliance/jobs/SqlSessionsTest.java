package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Where jobs get their sessions, while servers come and go. */
@ExtendWith(ThriftServerProcess.Shared.class)
class SqlSessionsTest {
  private SqlSessions sessions;

  @BeforeEach
  void open() {
    sessions = new SqlSessions(SparkDistribution.home(), "spark-test", ThriftServerProcess.TOKEN);
  }

  @AfterEach
  void close() {
    sessions.close();
  }

  @Test
  void a_server_that_moves_is_found_where_it_is_then(ThriftServerProcess server)
      throws SQLException, IOException {
    Iterator<Optional<HostAndPort>> places =
        List.of(
                Optional.<HostAndPort>empty(),
                Optional.of(nobody()),
                Optional.<HostAndPort>empty(),
                Optional.of(server.address()))
            .iterator();
    try (SqlSession session = sessions.borrow(places::next, () -> false);
        Statement statement = session.connection().createStatement();
        ResultSet result = statement.executeQuery("select 41 + 1")) {
      assertThat(session.server()).isEqualTo(server.address());
      assertThat(result.next()).isTrue();
      assertThat(result.getInt(1)).isEqualTo(42);
    }
    assertThat(places).isExhausted();
  }

  @Test
  void who_is_not_waited_for_any_more_does_not_wait() throws IOException {
    assertThatThrownBy(() -> sessions.borrow(Optional::empty, () -> true))
        .isInstanceOf(SqlSessions.NoServerException.class)
        .hasMessage("the thrift server does not answer any more");
    HostAndPort nobody = nobody();
    assertThatThrownBy(() -> sessions.borrow(() -> Optional.of(nobody), () -> true))
        .hasMessageStartingWith("no session on the thrift server at " + nobody + ": ")
        .hasMessageContaining("Connection refused");
  }

  /** A port that was free. */
  private static HostAndPort nobody() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new HostAndPort("127.0.0.1", socket.getLocalPort());
    }
  }
}

package io.sparkappliance.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkappliance.testing.SparkDistribution;
import io.sparkappliance.testing.ThriftServerProcess;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows of the driver that comes with the Spark distribution, from a real server. */
@ExtendWith(ThriftServerProcess.Shared.class)
class UnaskedRowsTest {
  @Test
  void all_rows_come_and_the_statement_is_ended_with_its_result(ThriftServerProcess thrift)
      throws Exception {
    try (Connection connection =
            HiveJdbc.load(SparkDistribution.home())
                .connect(thrift.address(), "somebody", ThriftServerProcess.TOKEN);
        Statement statement = connection.createStatement()) {
      statement.setFetchSize(100);
      ResultSet result = statement.executeQuery("select id from range(0, 1050, 1, 1)");
      try (UnaskedRows rows = UnaskedRows.of(result)) {
        assertThat(rows.isUnasked()).as("the driver is as it was").isTrue();
        long sum = 0;
        while (result.next()) {
          sum += result.getLong(1);
        }
        assertThat(sum).isEqualTo(1049 * 1050 / 2);
        assertThat(result.getStatement()).isNull();
      }
      assertThat(result.getStatement()).isSameAs(statement);
      result.close();
      assertThatThrownBy(result::next).isInstanceOf(SQLException.class);
      try (ResultSet next = statement.executeQuery("select 42")) {
        assertThat(next.next()).isTrue();
      }
    }
  }
}

package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkappliance.settings.HostAndPort;
import io.sparkappliance.settings.ZooKeeperEnsemble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrittenDefaultsTest {
  @TempDir Path conf;

  @Test
  void linesThatNameOtherNodesAreReplacedAndNoOthers() throws IOException {
    Path file =
        Files.writeString(
            conf.resolve("spark-defaults.conf"),
            "spark.a=1\nspark.deploy.zookeeper.url=zk1:2181/p\\u00e4\nspark.master=spark://old:7077\n");

    WrittenDefaults.masters(conf, List.of(new HostAndPort("m1", 7077)));
    WrittenDefaults.zooKeeper(conf, ensemble("zk1"), ensemble("zk2"));

    assertThat(file)
        .hasContent(
            "spark.a=1\nspark.deploy.zookeeper.url=zk2:2181/p\\u00e4\nspark.master=spark://m1:7077\n");
    WrittenDefaults.zooKeeper(conf, ensemble("zk1"), ensemble("zk3"));
    assertThat(file).as("it is somebody else's").content().contains("url=zk2:2181/p\\u00e4\n");
  }

  @Test
  void whereNothingIsWrittenNothingIs() throws IOException {
    WrittenDefaults.masters(conf, List.of(new HostAndPort("m1", 7077)));
    assertThat(conf).isEmptyDirectory();
  }

  private static ZooKeeperEnsemble ensemble(String host) {
    return new ZooKeeperEnsemble(List.of(new HostAndPort(host, 2181)), "/pä");
  }
}

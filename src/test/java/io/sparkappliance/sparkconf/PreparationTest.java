package io.sparkappliance.sparkconf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.MemorySize;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {
  private static final String JAR = "PK-and-so-on";

  @TempDir Path directory;

  private final Map<String, String> files = new ConcurrentHashMap<>();
  private HttpServer server;
  private ConfigurationFixture node;

  @BeforeEach
  void start() throws IOException {
    node = new ConfigurationFixture(directory);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String text = files.get(exchange.getRequestURI().getPath());
          byte[] body = String.valueOf(text).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(text == null ? 404 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void theWholeSparkDefaultsAsWritten() throws IOException {
    node.write(
        node.home.resolve("conf/spark-defaults.conf"),
        "# reason\nspark.ui.killEnabled   false\nspark.a shipped\nspark.b shipped\nspark.c shipped\n");
    node.write(node.mounted.resolve("spark-defaults.conf"), "spark.b=mounted\nspark.c=mounted\n");
    files.put("/ext.conf", "spark.c=C:\\\\dir\nspark.sql.x two words\n");
    node.set("EXT_CONF", url("/ext.conf")).set("DEFAULT_CORES", "3");
    node.prepare();
    String data = node.data.toString();
    assertThat(node.written("spark-defaults.conf"))
        .hasContent(
            """
            # Written by spark-appliance at each start: changes here are lost. Holds secrets.

            # From: shipped conf/
            spark.a=shipped
            spark.ui.killEnabled=false

            # From: this node
            spark.authenticate=true
            spark.authenticate.secret=cluster-secret
            spark.connect.grpc.binding.port=15002
            spark.deploy.recoveryDirectory=DATA/recovery
            spark.deploy.recoveryMode=FILESYSTEM
            spark.driver.bindAddress=0.0.0.0
            spark.driver.host=10.0.0.5
            spark.driver.memory=2g
            spark.eventLog.dir=file:DATA/events
            spark.executor.memory=2g
            spark.history.fs.logDirectory=file:DATA/events
            spark.history.ui.port=18080
            spark.jars.ivy=DATA/home/.ivy2
            spark.local.dir=DATA/local
            spark.master=spark://10.0.0.5:7077
            spark.master.ui.port=8080
            spark.metrics.conf=DATA/conf/metrics.properties
            spark.network.crypto.enabled=true
            spark.plugins=io.sparkappliance.spark.SecretGuard,io.sparkappliance.spark.Retirement,io.sparkappliance.spark.ExecutorWishes,io.sparkappliance.spark.ApplicationNote
            spark.shuffle.service.port=7337
            spark.sql.warehouse.dir=file:DATA/warehouse
            spark.worker.ui.port=8081

            # From: mounted configuration
            spark.b=mounted

            # From: EXT_CONF
            spark.c=C:\\\\dir
            spark.sql.x=two words

            # From: variable
            spark.deploy.defaultCores=3
            spark.sparkappliance.tokenFile=DATA/secrets/api-token
            """
                .replace("DATA", data));
  }

  @Test
  void theWholeSparkEnvAsWritten() {
    node.prepare();
    assertThat(node.written("spark-env.sh"))
        .hasContent(
            """
            # Written by spark-appliance at each start: changes here are lost.
            # A variable that is already set keeps its value.
            [ -n "${PYSPARK_PYTHON+set}" ] || export PYSPARK_PYTHON='python3'
            [ -n "${PYTHONPATH+set}" ] || export PYTHONPATH='DATA/python'
            [ -n "${SPARK_CONF_DIR+set}" ] || export SPARK_CONF_DIR='DATA/conf'
            [ -n "${SPARK_DIST_CLASSPATH+set}" ] || export SPARK_DIST_CLASSPATH='HOME/spark-jars/*:HOME/classpath/*'
            [ -n "${SPARK_HOME+set}" ] || export SPARK_HOME='/opt/spark'
            [ -n "${SPARK_LOG_DIR+set}" ] || export SPARK_LOG_DIR='DATA/logs'
            [ -n "${SPARK_WORKER_DIR+set}" ] || export SPARK_WORKER_DIR='DATA/work'
            """
                .replace("DATA", node.data.toString())
                .replace("HOME/", node.home + "/"));
  }

  @Test
  void onlyFilesWithoutSecretsAreReadableByOthers() throws IOException {
    node.prepare();
    Map<String, String> modes = new TreeMap<>();
    try (Stream<Path> written = Files.list(node.written(""))) {
      for (Path file : written.toList()) {
        modes.put(
            file.getFileName().toString(),
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      }
    }
    assertThat(modes)
        .isEqualTo(
            Map.of(
                "spark-defaults.conf", "rw-------",
                "hive-site.xml", "rw-------",
                "spark-env.sh", "rw-r--r--",
                "log4j2.properties", "rw-r--r--",
                "metrics.properties", "rw-r--r--"));
  }

  @Test
  void everyShippedSettingReachesTheFile() throws IOException {
    node.prepare();
    Properties shipped = load(Path.of("conf/spark-defaults.conf"));
    Properties written = load(node.written("spark-defaults.conf"));
    assertThat(shipped.stringPropertyNames()).allMatch(key -> key.startsWith("spark."));
    assertThat(written).containsAllEntriesOf(shipped);
    assertThat(node.written("metrics.properties"))
        .hasSameTextualContentAs(Path.of("conf/metrics.properties"));
    assertThat(node.written("log4j2.properties"))
        .hasSameTextualContentAs(Path.of("conf/log4j2.properties"));
  }

  @Test
  void mountedFilesReplaceAndJoinTheShippedOnes() throws IOException {
    node.write(node.mounted.resolve("log4j2.properties"), "rootLogger.level=debug\n");
    node.write(node.mounted.resolve("core-site.xml"), "<configuration/>");
    node.write(node.mounted.resolve("spark-env.sh"), "rm -rf /");
    node.prepare();
    assertThat(node.written("log4j2.properties")).hasContent("rootLogger.level=debug\n");
    assertThat(node.written("core-site.xml")).hasContent("<configuration/>");
    assertThat(node.written("spark-env.sh")).content().doesNotContain("rm -rf");
    Files.delete(node.mounted.resolve("core-site.xml"));
    Files.delete(node.mounted.resolve("log4j2.properties"));
    node.prepare();
    assertThat(node.written("core-site.xml")).as("no longer mounted").doesNotExist();
    assertThat(node.written("log4j2.properties")).content().doesNotContain("debug");
  }

  @Test
  void hiveSiteIsFetchedAndMerged() throws IOException {
    node.write(
        node.mounted.resolve("hive-site.xml"), hiveSite("hive.a", "mounted", "hive.b", "mounted"));
    files.put(
        "/hive-site.xml",
        hiveSite("hive.b", "fetched", "hive.metastore.uris", "thrift://meta:9083"));
    node.set("HIVE_SITE_XML", url("/hive-site.xml"));
    NodeConfiguration configuration = node.prepare();
    assertThat(node.written("hive-site.xml"))
        .content()
        .contains("<name>hive.a</name>\n    <value>mounted</value>")
        .contains("<name>hive.b</name>\n    <value>fetched</value>")
        .contains("<value>thrift://meta:9083</value>")
        .contains("<value>io.sparkappliance.spark.TokenPasswordProvider</value>")
        .doesNotContain("derby");
    assertThat(configuration.value("spark.sql.catalogImplementation")).contains("hive");
  }

  @Test
  void jarsAreFetchedUnderNamesOfTheirOwn() throws IOException {
    files.put("/a/udf.jar", JAR + "1");
    files.put("/b/udf.jar", JAR + "2");
    Path local = node.write(directory.resolve("local udf.jar"), JAR + "3");
    node.set("EXT_JARS", url("/a/udf.jar") + "," + url("/b/udf.jar") + "," + local);
    NodeConfiguration configuration = node.prepare();
    Path jars = node.data.resolve("fetched/jars");
    assertThat(configuration.jars())
        .containsExactly(
            jars.resolve("udf.jar"), jars.resolve("2-udf.jar"), jars.resolve("local_udf.jar"));
    assertThat(configuration.jars().get(1)).hasContent(JAR + "2");
    assertThat(configuration.value("spark.jars"))
        .contains(jars + "/udf.jar," + jars + "/2-udf.jar," + jars + "/local_udf.jar");
    Files.createFile(jars.resolve(".local_udf.jar.123.part"));
    node.set("EXT_JARS", local.toString());
    node.prepare();
    assertThat(jars)
        .isDirectoryNotContaining("glob:**.part")
        .isDirectoryContaining("glob:**local_udf.jar")
        .isDirectoryNotContaining("glob:**/udf.jar");
  }

  @Test
  void everythingThatCanNotBeHadIsSaidAtOnce() throws IOException {
    files.put("/login.jar", "<html>please log in</html>");
    node.set("EXT_CONF", url("/none.conf"))
        .set("HIVE_SITE_XML", "/no/hive-site.xml")
        .set("EXT_JARS", url("/none.jar") + "," + url("/login.jar"));
    ConfigurationException e =
        catchThrowableOfType(ConfigurationException.class, () -> node.prepare());
    assertThat(e.problems())
        .extracting(Problem::field)
        .containsExactly("EXT_CONF", "HIVE_SITE_XML", "EXT_JARS", "EXT_JARS");
    assertThat(e).hasMessageContaining("what was fetched is no jar");
    assertThat(node.written("spark-defaults.conf")).doesNotExist();
  }

  @Test
  void oldConfigurationStaysWhenTheNewOneIsRefused() throws IOException {
    node.prepare();
    String before = Files.readString(node.written("spark-defaults.conf"));
    Path conf = node.write(directory.resolve("ext.conf"), "spark.executor.memory=900g\n");
    node.set("EXT_CONF", conf.toString());
    assertThatThrownBy(() -> node.prepare())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Lower spark.executor.memory (EXT_CONF)=900g");
    assertThat(node.written("spark-defaults.conf")).hasContent(before);
  }

  @Test
  void keysOfExtConfThatSparkPassesOverAreNotices() throws IOException {
    Path conf = node.write(directory.resolve("ext.conf"), "fs.s3a.endpoint=x\n");
    node.set("EXT_CONF", conf.toString());
    assertThat(node.prepare().notices())
        .anyMatch(notice -> notice.startsWith("EXT_CONF: fs.s3a.endpoint is passed over"));
  }

  @Test
  void directoryForEventLogsIsThereBeforeAnybodyWrites() {
    Path events = directory.resolve("my events");
    node.set("EVENT_LOG_DIR", events.toString());
    node.prepare();
    assertThat(events).isDirectory();
  }

  @Test
  void idleExecutorsAreGivenBackEvenThoseThatHoldCachedData() {
    NodeConfiguration configuration = node.prepare();
    assertThat(configuration.value("spark.dynamicAllocation.minExecutors")).contains("0");
    assertThat(configuration.value("spark.dynamicAllocation.executorIdleTimeout")).contains("30s");
    assertThat(configuration.value("spark.dynamicAllocation.cachedExecutorIdleTimeout"))
        .contains("10min");
  }

  @Test
  void nativeLibrariesOfTheImageAreUsed() throws IOException {
    Path libraries = node.home.resolve("native");
    node.write(libraries.resolve("libsnappyjava.so"), "");
    node.write(libraries.resolve("libzstd-jni-1.5.7-7.so"), "");
    NodeConfiguration configuration = node.prepare();
    List<String> options =
        List.of(
            "-Dorg.xerial.snappy.lib.path=" + libraries,
            "-Dorg.xerial.snappy.lib.name=libsnappyjava.so",
            "-DZstdNativePath=" + libraries + "/libzstd-jni-1.5.7-7.so");
    assertThat(configuration.javaOptions()).isEqualTo(options);
    for (String key :
        List.of("spark.driver.defaultJavaOptions", "spark.executor.defaultJavaOptions")) {
      assertThat(configuration.value(key)).contains(String.join(" ", options));
    }
  }

  @Test
  void driversAndExecutorsStartFromTheImagesClassData() throws IOException {
    StartupCache cache = startupCache();
    NodeConfiguration configuration = node.prepare();
    assertThat(configuration.startupCache()).contains(cache);
    for (String process : List.of("spark.driver", "spark.executor")) {
      assertThat(configuration.value(process + ".extraClassPath"))
          .contains(cache.jars().toString());
      assertThat(configuration.value(process + ".defaultJavaOptions"))
          .contains(String.join(" ", cache.javaOptions()));
    }
  }

  @Test
  void classDataThatWouldNotFitIsLeftOut() throws IOException {
    startupCache();
    node.total = MemorySize.ofMebibytes(200 * 1024);
    node.set("SPARK_CONF_spark_driver_extraClassPath", "/patched.jar")
        .set("EXECUTOR_MEMORY", "31g");
    NodeConfiguration configuration = node.prepare();
    assertThat(configuration.value("spark.driver.extraClassPath")).contains("/patched.jar");
    assertThat(configuration.value("spark.driver.defaultJavaOptions")).isEmpty();
    assertThat(configuration.value("spark.executor.extraClassPath")).isEmpty();
    assertThat(configuration.value("spark.executor.defaultJavaOptions")).isEmpty();
  }

  @Test
  void defaultOptionsOfAUserComeAfterTheNodesOwn() throws IOException {
    StartupCache cache = startupCache();
    node.set("SPARK_CONF_spark_driver_defaultJavaOptions", "-Da=b");
    assertThat(node.prepare().value("spark.driver.defaultJavaOptions"))
        .contains(String.join(" ", cache.javaOptions()) + " -Da=b");
  }

  @Test
  void javaOptionsThatNobodyCanReadAreRefusedWithoutShowingThem() {
    node.set("SPARK_CONF_spark_driver_extraJavaOptions", "-Dpassword=hunter2 -Da='b")
        .set("SPARK_CONF_spark_driver_defaultJavaOptions", "-Dpassword=hunter2 -Xmx4g");
    assertThatThrownBy(node::prepare)
        .hasMessageContaining("the quote ' at position 24 is never closed")
        .hasMessageContaining("-Xmx4g")
        .hasMessageContaining("DRIVER_MEMORY")
        .message()
        .doesNotContain("hunter2");
  }

  @Test
  void whatDaemonsLeftInTheirTemporaryDirectoryGoesAtTheNextStartAndNothingElse()
      throws IOException {
    Path left = node.write(node.data.resolve("tmp/session/file"), "");
    Path written = node.write(node.data.resolve("notebooks/mine.ipynb"), "");
    Path relative = node.write(node.data.resolve("scratch/sql/metastore_db/x"), "");
    node.prepare();
    assertThat(left.getParent()).doesNotExist();
    assertThat(node.data.resolve("tmp")).isDirectory();
    assertThat(written).exists();
    assertThat(relative).exists();
  }

  private StartupCache startupCache() throws IOException {
    Path spark = directory.resolve("spark");
    node.set("SPARK_HOME", spark.toString());
    node.write(spark.resolve("aot/spark.jar"), "");
    node.write(spark.resolve("aot/spark.aot"), "");
    return StartupCache.of(spark).orElseThrow();
  }

  @Test
  void committersForObjectStoresAreNamedOnlyWhereTheyAre() throws IOException {
    assertThat(node.prepare().value("spark.sql.sources.commitProtocolClass")).isEmpty();
    node.write(node.home.resolve("spark-jars/spark-hadoop-cloud_2.13-4.1.2.jar"), "");
    assertThat(node.prepare().value("spark.sql.sources.commitProtocolClass"))
        .contains("io.sparkappliance.spark.ObjectStoreCommitProtocol");
  }

  @Test
  void planWritesNothingAndReadsLocalFiles() throws IOException {
    Path conf = node.write(directory.resolve("ext.conf"), "spark.master.ui.port=9090\n");
    node.set("EXT_CONF", conf.toString())
        .set("HIVE_SITE_XML", "https://user:pass@example.org/hive-site.xml?signature=abc")
        .set("EXT_JARS", "s3://jars/udf.jar")
        .set("PYTHON_LIBS", "no-such-package");
    NodeConfiguration plan = node.plan();
    assertThat(plan.ports().masterUi()).isEqualTo(9090);
    assertThat(plan.value("spark.jars")).contains(node.data + "/fetched/jars/udf.jar");
    assertThat(plan.notices())
        .containsExactly(
            "HIVE_SITE_XML=https://***@example.org/hive-site.xml?*** is fetched at start: what it says is"
                + " not part of this plan.");
    assertThat(node.data).doesNotExist();
  }

  @Test
  void planAndPreparationAgree() throws IOException {
    Path conf = node.write(directory.resolve("ext.conf"), "spark.a=1\n");
    node.set("EXT_CONF", conf.toString());
    assertThat(node.plan()).isEqualTo(node.prepare());
  }

  @Test
  void scriptsAreFetchedInTheirOrderAndThoseOfAnEarlierStartGo() throws IOException {
    Path first = node.write(directory.resolve("b/install.sh"), "echo b");
    Path second = node.write(directory.resolve("a/install.sh"), "echo a");
    node.set("INIT_SCRIPTS", first.toUri() + "," + second);
    Outside outside = new Outside(node.environment, node.secrets, Optional::empty);

    for (int start = 0; start < 2; start++) {
      List<Path> scripts = FetchedSources.initScripts(node.settings(), outside);
      assertThat(scripts)
          .containsExactly(
              node.data.resolve("fetched/scripts/1-install.sh"),
              node.data.resolve("fetched/scripts/2-install.sh"));
      assertThat(scripts.getFirst()).hasContent("echo b");
      assertThat(scripts.getLast()).hasContent("echo a");
    }
    node.set("INIT_SCRIPTS", "/no/1.sh,/no/2.sh");
    assertThatThrownBy(() -> FetchedSources.initScripts(node.settings(), outside))
        .hasMessageContaining("1. INIT_SCRIPTS=/no/1.sh: there is no such file")
        .hasMessageContaining("2. INIT_SCRIPTS=/no/2.sh: there is no such file");
    assertThat(node.data.resolve("fetched/scripts")).isEmptyDirectory();
  }

  @Test
  void aFileOfRequirementsIsFetchedForPip() {
    files.put("/requirements.txt", "no-such-package-of-the-test==1\n");
    node.set("PYTHON_LIBS", url("/requirements.txt?signature=hidden"));
    node.set("PIP_NO_INDEX", "1").set("PATH", System.getenv("PATH"));

    assertThatThrownBy(() -> node.prepare())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("No matching distribution found for no-such-package-of-the-test==1")
        .hasMessageNotContaining("hidden");
    node.set("PYTHON_LIBS", url("/none.txt"));
    assertThatThrownBy(() -> node.prepare())
        .hasMessageContaining("PYTHON_LIBS=" + url("/none.txt"));
  }

  @Test
  void aRestartNeedsNobodyWhoHasTheFilesOfRequirements() throws IOException {
    node.set("PATH", System.getenv("PATH")).set("PIP_NO_INDEX", "1");
    files.put("/requirements.txt", "# none today\n");
    node.set("PYTHON_LIBS", url("/requirements.txt?signature=first"));
    node.prepare();
    assertThat(node.data.resolve("fetched/python"))
        .isDirectoryContaining("glob:**requirements.txt");

    files.clear();
    node.set("PYTHON_LIBS", url("/requirements.txt?signature=second"));
    assertThat(node.prepare().notices())
        .filteredOn(notice -> notice.contains("PYTHON_LIBS"))
        .singleElement()
        .asString()
        .startsWith("warning: PYTHON_LIBS=" + url("/requirements.txt?***") + ": ")
        .contains("404")
        .endsWith("goes on with the packages that are installed, for what it said before");

    String other = url("/other/requirements.txt");
    node.set("PYTHON_LIBS", other);
    assertThatThrownBy(() -> node.prepare()).hasMessageContaining("PYTHON_LIBS=" + other);
    files.put("/other/requirements.txt", "# others\n");
    node.prepare();
    try (var kept = Files.list(node.data.resolve("fetched/python"))) {
      assertThat(kept).as("what nobody names any more goes").hasSize(1);
    }
  }

  @Test
  void filesOfRequirementsThatAreNotInstalledAreMissed() throws IOException {
    files.put("/requirements.txt", "# none today\n");
    String location = url("/requirements.txt");
    node.set("PATH", System.getenv("PATH")).set("PIP_NO_INDEX", "1").set("PYTHON_LIBS", location);
    node.prepare();
    FileTrees.empty(node.data.resolve("python"));
    files.clear();

    assertThatThrownBy(() -> node.prepare()).hasMessageContaining("PYTHON_LIBS=" + location);
  }

  @Test
  void aClientLeavesWhatANodeHasFetchedAndInstalled() throws IOException {
    node.set("PATH", System.getenv("PATH")).set("PIP_NO_INDEX", "1");
    files.put("/udf.jar", JAR + "1");
    files.put("/ext.conf", "spark.x=node\n");
    files.put("/requirements.txt", "# the node's\n");
    node.set("EXT_JARS", url("/udf.jar"))
        .set("EXT_CONF", url("/ext.conf"))
        .set("PYTHON_LIBS", url("/requirements.txt"))
        .set("INIT_SCRIPTS", "");
    node.prepare();
    Map<String, String> before = contents(node.data);

    files.put("/udf.jar", JAR + "2");
    files.put("/ext.conf", "spark.x=client\n");
    files.put("/requirements.txt", "# the client's\n");
    Path conf = directory.resolve("client-conf");
    NodeConfiguration client = node.prepareClient(conf);

    assertThat(contents(node.data)).isEqualTo(before);
    assertThat(client.value("spark.x")).contains("client");
    assertThat(client.jars()).containsExactly(conf.resolve("fetched/jars/udf.jar"));
    assertThat(client.jars().getFirst()).hasContent(JAR + "2");
    assertThat(conf.resolve("python")).as("other wishes than the node's").isNotEmptyDirectory();
  }

  @Test
  void aClientThatWishesWhatTheNodeHasUsesThat() throws IOException {
    node.set("PATH", System.getenv("PATH")).set("PIP_NO_INDEX", "1");
    files.put("/requirements.txt", "# the node's\n");
    node.set("PYTHON_LIBS", url("/requirements.txt"));
    node.prepare();
    Path conf = directory.resolve("client-conf");
    node.prepareClient(conf);
    assertThat(conf.resolve("python")).doesNotExist();

    files.put("/requirements.txt", "# the client's\n");
    node.prepareClient(conf);
    assertThat(conf.resolve("python")).isNotEmptyDirectory();
    node.set("PYTHON_LIBS", "");
    node.prepareClient(conf);
    assertThat(conf.resolve("python")).as("nobody wishes them any more").doesNotExist();
  }

  @Test
  void aClientsPackagesAreItsOwnWhereANodeHasNone() throws IOException {
    node.set("PATH", System.getenv("PATH")).set("PIP_NO_INDEX", "1");
    node.prepare();
    Path own = node.write(node.data.resolve("python/own.py"), "# somebody's");
    files.put("/requirements.txt", "# the client's\n");
    node.set("PYTHON_LIBS", url("/requirements.txt"));
    Path conf = directory.resolve("client-conf");
    node.prepareClient(conf);

    assertThat(own).exists();
    assertThat(conf.resolve("python")).isNotEmptyDirectory();
    assertThat(conf.resolve("spark-env.sh"))
        .content()
        .contains(conf.resolve("python") + ":" + node.data.resolve("python"));
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        contents.put(
            file.toString(), Files.getLastModifiedTime(file) + " " + Files.readString(file));
      }
    }
    return contents;
  }

  @Test
  void onlyTheStrongestLayersReferenceIsLookedUp() throws IOException {
    node.write(node.mounted.resolve("spark-defaults.conf"), "spark.x.password ssm:/weaker\n");
    files.put("/ext.conf", "spark.x.password=ssm:/stronger\n");
    node.set("EXT_CONF", url("/ext.conf"));
    node.secrets =
        references ->
            SecretSource.each(
                references,
                reference ->
                    reference.toString().equals("ssm:/stronger")
                        ? new SecretSource.Found(new Secret("found"))
                        : new SecretSource.Failed("not to be asked for: " + reference, ""));

    NodeConfiguration prepared = node.prepare();

    assertThat(prepared.value("spark.x.password")).contains("found");
    assertThat(prepared.shown("spark.x.password")).contains("******");
    assertThat(prepared.toString()).doesNotContain("found");
  }

  @Test
  void planNamesAFileThatIsNotThere() {
    node.set("EXT_CONF", "/no/such.conf");
    assertThatThrownBy(() -> node.plan())
        .hasMessageContaining("EXT_CONF=/no/such.conf: there is no");
  }

  @Test
  void directoryForLogsIsMadeWhereSomebodyWantsIt() throws IOException {
    Path logs = directory.resolve("elsewhere/logs");
    node.set("LOG_DIR", logs.toString()).prepare();
    assertThat(logs).isEmptyDirectory();

    Path taken = Files.createFile(directory.resolve("taken"));
    node.set("LOG_DIR", taken.toString());
    assertThatThrownBy(node::prepare)
        .hasMessageContaining("LOG_DIR=" + taken + ": log files can't be written there");
  }

  @Test
  void dataDirectoryThatCanNotBeWrittenIsExplained() throws IOException {
    node.write(node.data, "a file where a directory should be");
    assertThatThrownBy(() -> node.prepare())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("SPARK_APPLIANCE_DATA=" + node.data);
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private static String hiveSite(String... keysAndValues) {
    TreeMap<String, String> properties = new TreeMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      properties.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return new HiveSite(properties).render();
  }

  private static Properties load(Path file) throws IOException {
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    }
    return properties;
  }
}

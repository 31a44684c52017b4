package io.sparkappliance.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubmitSettingsTest {
  @Test
  void the_manual_says_what_may_be_brought() throws IOException {
    assertThat(Path.of("docs/operations.md")).content().contains(SubmitSettings.manual());
  }

  @Test
  void takes_what_concerns_the_job_alone() {
    assertThat(
            SubmitSettings.parse(
                "job_settings",
                "--executor-memory 1g --name 'my job' --conf spark.sql.shuffle.partitions=8"
                    + " spark.cores.max=2 -c \"spark.my.app=two words\" --total-executor-cores=3"
                    + " --packages org.example:lib:1.0 --deploy-mode client"
                    + " --jars s3a://bucket/a.jar,https://host/b.jar --py-files=s3://b/x.zip#dep"))
        .containsExactly(
            "--executor-memory",
            "1g",
            "--name",
            "my job",
            "--conf",
            "spark.sql.shuffle.partitions=8",
            "--conf",
            "spark.cores.max=2",
            "--conf",
            "spark.my.app=two words",
            "--total-executor-cores",
            "3",
            "--packages",
            "org.example:lib:1.0",
            "--jars",
            "s3a://bucket/a.jar,https://host/b.jar",
            "--py-files",
            "s3://b/x.zip#dep");
    assertThat(SubmitSettings.parse("job_settings", "")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.driver.memory=2g",
        "spark.executor.memoryOverhead=512m",
        "spark.dynamicAllocation.maxExecutors=4",
        "spark.sql.session.timeZone=Europe/Berlin",
        "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.lake=org.apache.iceberg.spark.SparkCatalog",
        "spark.serializer=org.apache.spark.serializer.KryoSerializer",
        "spark.jars.packages=org.example:lib_2.13:1.0",
        "spark.jars=s3a://bucket/a.jar",
        "spark.hadoop.fs.s3a.endpoint=https://s3.example.org",
        "spark.executorEnv.MY_SETTING=1",
        "spark.speculation=true",
        "spark.hadoop.fs.s3a.bucket.my-bucket.endpoint=https://s3.example.org",
        "spark.cassandra.connection.host=db.example.org",
      })
  void these_settings_may_be_brought(String setting) {
    assertThat(SubmitSettings.parse("job_settings", "--conf " + setting))
        .containsExactly("--conf", setting);
    assertThat(SubmitSettings.parse("job_settings", setting)).containsExactly("--conf", setting);
  }

  /** Other clusters, other identities, code in the wrong process, files of the node. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.master=local[*]",
        "spark.submit.deployMode=cluster",
        "spark.driver.extraJavaOptions=-javaagent:x.jar",
        "spark.driver.defaultJavaOptions=-Dx=y",
        "spark.executor.extraJavaOptions=-agentpath:x",
        "spark.driver.extraClassPath=x",
        "spark.executor.extraClassPath=x",
        "spark.driver.extraLibraryPath=x",
        "spark.driver.userClassPathFirst=true",
        "spark.plugins=org.example.Evil",
        "spark.shuffle.=x",
        "spark.sql.artifactRoot=x",
        "spark.extraListeners=org.example.Evil",
        "spark.authenticate=false",
        "spark.authenticate.secret=x",
        "spark.authenticate.secret.file=x",
        "spark.connect.authenticate.token=x",
        "spark.network.crypto.enabled=false",
        "spark.ssl.enabled=false",
        "spark.acls.enable=false",
        "spark.ui.filters=x",
        "spark.kerberos.keytab=x",
        "spark.yarn.keytab=x",
        "spark.yarn.dist.files=s3a://b/x",
        "spark.yarn.jars=x",
        "spark.kubernetes.file.upload.path=x",
        "spark.pyspark.python=x",
        "spark.pyspark.driver.python=x",
        "spark.r.command=x",
        "spark.r.driver.command=x",
        "spark.home=x",
        "spark.local.dir=x",
        "spark.eventLog.dir=x",
        "spark.history.fs.logDirectory=x",
        "spark.deploy.recoveryDirectory=x",
        "spark.worker.resourcesFile=x",
        "spark.driver.resource.gpu.discoveryScript=x",
        "spark.driver.resourcesFile=x",
        "spark.resources.discoveryPlugin=x",
        "spark.metrics.conf=x",
        "spark.jars.ivy=x",
        "spark.jars.ivySettings=x",
        "spark.jars.repositories=http://evil",
        "spark.repl.local.jars=x",
        "spark.sql.hive.metastore.jars=path",
        "spark.sql.hive.metastore.jars.path=x",
        "spark.sql.warehouse.dir=s3a://b/x",
        "spark.hadoop.hadoop.security.credential.provider.path=x",
        "spark.hadoop.javax.jdo.option.ConnectionURL=x",
        "spark.hadoop.fs.file.impl=x",
        "spark.executorEnv.LD_PRELOAD=x",
        "spark.executorEnv.PYTHONPATH=x",
        "spark.executorEnv.JAVA_HOME=x",
        "spark.appMasterEnv.X=y",
        "spark.sparkappliance.tokenFile=x",
        "spark.python.daemon.module=x",
        "spark.Driver.extraClassPath=x",
        "spark.files=/etc/passwd",
        "spark.files=//etc/passwd",
        "spark.jars=file:///etc/passwd",
        "spark.submit.pyFiles=local:///x.py",
        "spark.archives=FILE:/etc/x.zip",
        "spark.files=s3a://b/k,/etc/passwd",
        "spark.files=s3a:///etc/passwd",
        "spark.files=s3a://b/k#../../evil",
        "spark.files=s3a://b/k#/evil",
        "spark.files=etc/passwd",
        "spark.files=hdfs:/etc/passwd",
        "spark.files=",
        "spark.scheduler.allocation.file=/etc/passwd",
        "spark.scheduler.allocation.file=file:/etc/passwd",
        "spark.sql.foo=x,/etc/passwd",
        "spark.my.app=/etc/passwd",
        "spark.my.app=../x",
        "spark.my.app=a=~root/x",
        "spark.my.app=localjceks://file/x",
        "spark.hadoop.fs.s3a.security.credential.provider.path=localjceks://file/x",
        "notspark.x=y",
        "hive.metastore.uris=x",
      })
  void these_settings_are_refused_in_every_way_of_writing_them(String setting) {
    for (String text :
        new String[] {"--conf " + setting, "--conf=" + setting, "-c " + setting, setting}) {
      assertThatThrownBy(() -> SubmitSettings.parse("job_settings", "--name x " + text))
          .as(text)
          .isInstanceOf(InvalidRequestException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--master local",
        "--master=local",
        "--deploy-mode cluster",
        "--deploy-mode=cluster",
        "--properties-file x",
        "--proxy-user root",
        "--principal x",
        "--keytab x",
        "--class org.example.Main",
        "--driver-class-path x",
        "--driver-java-options -Dx",
        "--driver-library-path x",
        "--repositories http://evil",
        "--supervise",
        "--kill x",
        "--status x",
        "--version",
        "--verbose",
        "--help",
        "--queue x",
        "--remote sc://x",
        "--load-spark-defaults",
        "--jars /etc/passwd",
        "--jars file:/etc/passwd",
        "--files s3a://b/k,../x",
        "--py-files local:/x.py",
        "--archives=/x.zip",
        "--name",
        "--executor-memory --master",
        "--name /etc",
        "-v",
        "evil.jar",
        "--",
        "-",
      })
  void these_options_are_refused(String text) {
    assertThatThrownBy(() -> SubmitSettings.parse("job_settings", text))
        .isInstanceOf(InvalidRequestException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "--master local | '--master' is not allowed: the job runs on this appliance's cluster",
        "--class a.B | '--class' is not allowed: send it as the field main_class",
        "--name | '--name' needs a value",
        "x.jar | 'x.jar' is neither an option such as --executor-memory 1g nor spark.key=value",
        "spark.plugins=x | 'spark.plugins' is not among the settings that a job may bring; the operator can set it",
      })
  void says_why(String text, String reason) {
    assertThatThrownBy(() -> SubmitSettings.parse("job_settings", text)).hasMessage(reason);
  }

  @Test
  void a_line_break_smuggles_nothing_into_a_properties_file() {
    assertThatThrownBy(
            () ->
                SubmitSettings.parse("job_settings", "--conf 'spark.my.app=x\nspark.master=local'"))
        .hasMessageContaining("control character");
  }
}

package io.sparkappliance.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a host without the S3 add-on the appliance starts; only S3 locations are refused. */
class FetcherWithoutAwsSdkTest {
  @TempDir Path directory;

  @Test
  void localFilesAreFetchedAndS3IsRefusedWithARemedy() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "content");
    Path target = directory.resolve("target");
    URL own = Fetcher.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader alone =
        new URLClassLoader(new URL[] {own}, ClassLoader.getPlatformClassLoader())) {
      Class<?> limits = alone.loadClass(FetchLimits.class.getName());
      Class<?> type = alone.loadClass(Fetcher.class.getName());
      Constructor<?> constructor = type.getConstructor(Map.class, limits);
      try (AutoCloseable fetcher =
          (AutoCloseable) constructor.newInstance(Map.of(), limits.getField("DEFAULT").get(null))) {
        Method fetch = type.getMethod("fetch", String.class, String.class, Path.class);
        fetch.invoke(fetcher, "EXT_CONF", file.toString(), target);
        assertThat(target).hasContent("content");
        Throwable refused =
            catchThrowable(() -> fetch.invoke(fetcher, "EXT_CONF", "s3://bucket/key", target));
        assertThat(refused).isInstanceOf(InvocationTargetException.class);
        assertThat(refused.getCause())
            .hasMessageContaining("EXT_CONF=s3://bucket/key: the AWS SDK is not installed here");
        Method folder =
            alone
                .loadClass(S3Folder.class.getName())
                .getMethod("of", String.class, String.class, Map.class, Duration.class);
        Throwable noFolder =
            catchThrowable(
                () ->
                    folder.invoke(
                        null, "LOG_DIR", "s3://bucket/logs", Map.of(), Duration.ofSeconds(1)));
        assertThat(noFolder.getCause())
            .hasMessageContaining("LOG_DIR=s3://bucket/logs: the AWS SDK is not installed here");
        Method objects =
            alone
                .loadClass(S3Objects.class.getName())
                .getMethod("of", String.class, String.class, Map.class, Duration.class);
        Throwable noObjects =
            catchThrowable(
                () ->
                    objects.invoke(
                        null, "JOBS_DIR", "s3a://bucket/jobs", Map.of(), Duration.ofSeconds(1)));
        assertThat(noObjects.getCause())
            .hasMessageContaining("JOBS_DIR=s3a://bucket/jobs: the AWS SDK is not installed here");
      }
    }
  }
}

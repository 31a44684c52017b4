package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.SecretSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What was read from files before the settings are put together.
 *
 * @param shipped {@code conf/spark-defaults.conf} of the appliance
 * @param mounted {@code spark-defaults.conf} of the mounted configuration
 * @param extConf the file named by {@code EXT_CONF}
 * @param hiveSite mounted {@code hive-site.xml}, overridden by {@code HIVE_SITE_XML}
 * @param jars local paths of {@code EXT_JARS}
 * @param javaOptions options for JVMs that load native libraries
 * @param startupCache class data that the image has for Spark's JVMs
 * @param objectStores what is known about S3
 * @param secrets finds those that are given by reference
 * @param localDisks for scratch, where nobody says where else
 * @param notices what an operator should know about these files
 */
record ConfigurationSources(
    PropertiesFile shipped,
    PropertiesFile mounted,
    PropertiesFile extConf,
    HiveSite hiveSite,
    List<Path> jars,
    List<String> javaOptions,
    Optional<StartupCache> startupCache,
    ObjectStoreFacts objectStores,
    SecretSource secrets,
    LocalDisks localDisks,
    List<String> notices) {
  /** Takes copies that can't be changed. */
  ConfigurationSources {
    jars = List.copyOf(jars);
    javaOptions = List.copyOf(javaOptions);
    notices = List.copyOf(notices);
  }
}

/**
 * From {@link io.sparkappliance.settings.Settings} to what Spark reads: the memory plan, the merged
 * layers of Spark's settings, and the files of {@code SPARK_CONF_DIR}.
 */
package io.sparkappliance.sparkconf;

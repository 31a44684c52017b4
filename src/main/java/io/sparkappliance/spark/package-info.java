/**
 * Code that Spark loads into its own processes. It uses nothing that Spark does not bring along.
 */
package io.sparkappliance.spark;

package io.sparkappliance.jobs;

import java.util.Optional;

/**
 * An application as the cluster knows it.
 *
 * @param id such as {@code app-20260131120000-0001}
 * @param ui address of its pages while it runs
 */
public record SparkApplication(String id, Optional<String> ui) {}

package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.util.Collection;
import java.util.List;

/**
 * Marks in S3 of jobs that a gateway is about to write down: who comes after it when it is gone
 * finds by them what came with jobs that nobody knows of.
 */
final class IncomingMarks {
  private static final String FOLDER = "incoming";
  private static final byte[] EMPTY = {};

  private final S3Objects objects;
  private final String own;

  /** Those of a gateway, by its {@link Gateways#id}. */
  IncomingMarks(S3Objects objects, String own) {
    this.objects = objects;
    this.own = own;
  }

  void add(JobId id) throws FetchFailure {
    objects.put(folder(own) + "/" + id, EMPTY);
  }

  void remove(Collection<JobId> ids) throws FetchFailure {
    remove(own, ids);
  }

  void remove(String gateway, Collection<JobId> ids) throws FetchFailure {
    objects.delete(ids.stream().map(id -> folder(gateway) + "/" + id).toList());
  }

  /** The jobs that a gateway was about to write down. */
  List<JobId> of(String gateway) throws FetchFailure {
    int skipped = folder(gateway).length() + 1;
    return objects.list(folder(gateway)).stream()
        .flatMap(mark -> JobId.parse(mark.name().substring(skipped)).stream())
        .toList();
  }

  private static String folder(String gateway) {
    return FOLDER + "/" + gateway;
  }
}

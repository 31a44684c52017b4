package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an attempt of a job leaves behind, and what of it is in S3 already. Each attempt has a
 * folder of its own there: who was cut off, and goes on with one that another gateway has begun
 * again, spoils nothing.
 */
final class JobOutputs {
  private static final String FOLDER = "attempt-";

  /** Where a driver's part begins comes behind what it is about. */
  private static final List<String> LOGS =
      Stream.concat(
              Stream.of(LogStream.values()).map(LogStream::fileName),
              Stream.of(DriverLogs.POSITIONS))
          .toList();

  /** An index comes behind what it is about. */
  private static final List<String> ALL =
      Stream.concat(LOGS.stream(), Stream.of(JobOutput.RESULTS, JobOutput.INDEX)).toList();

  private final S3Objects objects;
  private final JobId id;
  private final int attempt;
  private final Map<String, FileParts> files = new HashMap<>();

  /** Whether another gateway may have written some, and may not know that it has lost the job. */
  private boolean mayBeOthers;

  /**
   * Those of an attempt of which there may be something.
   *
   * @param attempt from 1
   */
  JobOutputs(S3Objects objects, JobId id, int attempt) {
    this.objects = objects;
    this.id = id;
    this.attempt = attempt;
  }

  /** Those of a job that nobody has begun. */
  static JobOutputs none(S3Objects objects, JobId id) {
    JobOutputs outputs = new JobOutputs(objects, id, 1);
    ALL.forEach(name -> outputs.files.put(name, new FileParts(objects, outputs.path(name))));
    return outputs;
  }

  /** Which attempt's they are. */
  int attempt() {
    return attempt;
  }

  /** Whether something below the folder of a job was left by it, and did not come with it. */
  static boolean isOutput(String name) {
    return name.startsWith(FOLDER);
  }

  /** Where a file of a job is, below the folder of all jobs. */
  static String path(Job job, String name) {
    return ALL.contains(name)
        ? folder(job.id(), job.attempt()) + "/" + name
        : job.id() + "/" + name;
  }

  /** Where those of an attempt are, below the folder of the job. */
  static String folder(int attempt) {
    return FOLDER + attempt;
  }

  private static String folder(JobId id, int attempt) {
    return id + "/" + folder(attempt);
  }

  private String path(String name) {
    return folder(id, attempt) + "/" + name;
  }

  /** Puts what the job's process has written by now. */
  synchronized void putLogs(Path directory) throws FetchFailure, IOException {
    put(directory, LOGS);
  }

  /** Puts all that the job has left in its directory, and makes sure that it is there so. */
  synchronized void putAll(Path directory) throws FetchFailure, IOException {
    put(directory, ALL);
    if (mayBeOthers) {
      replaceOthers(directory);
    }
  }

  private void replaceOthers(Path directory) throws FetchFailure, IOException {
    List<S3Objects.Entry> there = objects.list(folder(id, attempt));
    for (String name : ALL) {
      Path file = directory.resolve(name);
      if (!Files.exists(file)) {
        continue;
      }
      List<String> objectsOfFile =
          there.stream()
              .map(S3Objects.Entry::name)
              .filter(object -> FileParts.fileOf(object).equals(path(name)))
              .toList();
      List<FileParts.Part> parts = FileParts.of(there, path(name));
      boolean isOne =
          FileParts.end(parts) == Files.size(file)
              && objectsOfFile.size() == parts.size()
              && FileParts.haveNoOverlap(parts);
      if (!isOne) {
        FileParts anew = new FileParts(objects, path(name));
        anew.put(file);
        files.put(name, anew);
        long size = Files.size(file);
        objects.delete(
            objectsOfFile.stream().filter(object -> !FileParts.isPart(object, size)).toList());
      }
    }
  }

  private void put(Path directory, List<String> names) throws FetchFailure, IOException {
    Optional<IOException> trouble = Optional.empty();
    for (String name : names) {
      try {
        put(name, directory.resolve(name));
      } catch (IOException one) {
        // All that can be read is there before anybody gives up.
        trouble = trouble.or(() -> Optional.of(one));
      }
    }
    if (trouble.isPresent()) {
      throw trouble.get();
    }
  }

  private void put(String name, Path file) throws FetchFailure, IOException {
    if (!Files.exists(file)) {
      return;
    }
    if (!Files.isRegularFile(file)) {
      throw new UnreadableFilesException(
          new FileSystemException(
              file.toString(), null, "the program has made something else of it"));
    }
    FileParts parts = files.get(name);
    if (parts == null) {
      parts = FileParts.found(objects, path(name));
      mayBeOthers = true;
      files.put(name, parts);
    }
    parts.put(file);
  }

  /** Removes what earlier attempts have left, in S3 and in the job's directory here. */
  synchronized void deleteEarlier(Path directory) throws FetchFailure, IOException {
    if (attempt > 1) {
      for (String name : ALL) {
        Files.deleteIfExists(directory.resolve(name));
      }
    }
    for (int earlier = 1; earlier < attempt; earlier++) {
      String folder = folder(id, earlier);
      objects.delete(objects.list(folder).stream().map(S3Objects.Entry::name).toList());
    }
  }
}

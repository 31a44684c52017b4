package io.sparkappliance.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads what came with jobs and what they have left behind, those of other gateways included. */
final class JobReading {
  private static final int BATCHES_AT_ONCE = 4;
  private static final Duration PATIENCE_WITH_BATCHES = Duration.ofSeconds(20);

  private final JobFiles files;
  private final Predicate<JobId> isHere;

  /** Of results that are made in memory, as much as a slow reader makes them wait there. */
  private final ReadingPlaces batches = new ReadingPlaces(BATCHES_AT_ONCE);

  /**
   * Reads these.
   *
   * @param isHere whether this gateway runs a job
   */
  JobReading(JobFiles files, Predicate<JobId> isHere) {
    this.files = files;
    this.isHere = isHere;
  }

  private JobContent content(Job job) {
    return name -> files.open(job, name, isHere);
  }

  void writeOutput(Job job, OutputFormat format, OutputStream out) throws IOException {
    JobOutput.write(job, content(job), format, out);
  }

  List<ResultInfo> results(Job job) throws IOException {
    return index(job).results().stream()
        .map(result -> new ResultInfo(result.columns(), result.rows()))
        .toList();
  }

  /** Has no results where nothing was written: the job had none, or was cut off. */
  private ResultIndex index(Job job) throws IOException {
    Optional<InputStream> index = content(job).stream(JobOutput.INDEX);
    if (index.isEmpty() && job.state() == JobState.SUCCEEDED) {
      throw new UnavailableException(
          "the results of job " + job.id() + " can't be seen in the shared folder yet");
    }
    return index.isPresent() ? ResultIndex.read(index.get()) : new ResultIndex(List.of());
  }

  void writeResult(
      Job job, int result, ResultFormat format, long offset, long limit, OutputStream out)
      throws IOException {
    boolean takesMemory = format == ResultFormat.ARROW || format == ResultFormat.PARQUET;
    if (takesMemory && !tryToTakePlace(job.owner())) {
      throw new UnavailableException("too many results are being read as Arrow or Parquet");
    }
    try {
      ResultPages.write(content(job), index(job).results().get(result), format, offset, limit, out);
    } finally {
      if (takesMemory) {
        batches.giveBack(job.owner());
      }
    }
  }

  private boolean tryToTakePlace(String owner) throws IOException {
    try {
      return batches.take(owner, PATIENCE_WITH_BATCHES);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped", stopped);
    }
  }

  Optional<InputStream> input(Job job) throws IOException {
    try {
      JobRequest request = files.request(job.id());
      return request.isText()
          ? Optional.of(files.input(job.id(), request.fileName()))
          : Optional.empty();
    } catch (JobFailure hasPassword) {
      return Optional.of(files.input(job.id(), SqlRunner.SCRIPT));
    }
  }

  LogPart log(Job job, LogStream stream, long offset, int limit) throws IOException {
    return JobLog.read(content(job), job, stream, offset, limit);
  }
}

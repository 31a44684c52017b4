package io.sparkappliance.jobs;

import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes jobs: each is written down before its id is given out, or leaves nothing behind. */
final class JobIntake {
  private static final Logger LOG = LoggerFactory.getLogger(JobIntake.class);

  private final JobFiles files;
  private final JobRecords records;
  private final JobRuns runs;
  private final NamedSessions sessions;
  private final JobLimits limits;
  private final String node;

  /**
   * Takes none yet.
   *
   * @param runs gets those that were taken
   * @param node this host's name
   */
  JobIntake(
      JobFiles files,
      JobRecords records,
      JobRuns runs,
      NamedSessions sessions,
      JobLimits limits,
      String node) {
    this.files = files;
    this.records = records;
    this.runs = runs;
    this.sessions = sessions;
    this.limits = limits;
    this.node = node;
  }

  /**
   * Takes a job.
   *
   * @param owner who submits it
   * @param request what is to be run
   * @param upload what came with it; its files are moved away
   * @param terms how it is to be treated
   * @return the job, written down; an earlier one if its owner sent the same under the same key
   * @throws ConflictException when its owner sent something else under the same key
   * @throws QuotaException when its owner has too much already
   * @throws UnavailableException when too many jobs wait
   * @throws IOException when it can't be written down
   */
  Job submit(String owner, JobRequest request, Upload upload, Terms terms) throws IOException {
    Optional<String> fingerprint =
        terms.idempotencyKey().isPresent()
            ? Optional.of(request.fingerprint(upload.program()))
            : Optional.empty();
    if (fingerprint.isPresent()) {
      Optional<Job> earlier = records.find(owner, terms.idempotencyKey().get());
      if (earlier.isPresent()) {
        return same(earlier.get(), fingerprint.get());
      }
    }
    runs.jobs().checkMayWait(request.kind(), owner);
    checkStored(owner, upload.bytes());
    JobId id = JobId.random();
    boolean taken = false;
    sessions.enter(id, owner, request);
    runs.jobs().submitting(id);
    try {
      long bytes = files.create(id, request, upload);
      Job job =
          Job.accepted(
              id,
              new Submission(
                  request.kind(),
                  owner,
                  Instant.now().truncatedTo(ChronoUnit.MICROS),
                  node,
                  terms,
                  fingerprint,
                  bytes));
      insert(job);
      taken = true;
      runs.add(job, request);
      files.share().added(id);
      return job;
    } catch (JobRecords.KnownKeyException atTheSameTime) {
      return same(
          records
              .find(owner, terms.idempotencyKey().orElseThrow())
              .orElseThrow(() -> new IOException("a job vanished", atTheSameTime)),
          fingerprint.orElseThrow());
    } finally {
      if (!taken) {
        sessions.leave(id);
        deleteUnlessWritten(id);
      }
      runs.jobs().submitted(id);
    }
  }

  /** It may be written although the answer was lost. */
  private void insert(Job job) throws IOException, JobRecords.KnownKeyException {
    try {
      records.insert(job);
    } catch (IOException failure) {
      if (records.find(job.id()).isEmpty()) {
        throw failure;
      }
      LOG.warn("job {} was written down although that failed", job.id(), failure);
    }
  }

  private void deleteUnlessWritten(JobId id) throws IOException {
    boolean written;
    try {
      written = records.has(id);
    } catch (IOException unknown) {
      // Who goes on with forgotten jobs will need them.
      LOG.warn("the files of job {} stay: nobody knows whether it was written down", id);
      return;
    }
    if (!written) {
      files.reject(id);
    }
  }

  private static Job same(Job earlier, String fingerprint) {
    if (!earlier.submission().fingerprint().equals(Optional.of(fingerprint))) {
      throw new ConflictException(
          "the Idempotency-Key was used for another request, which became job " + earlier.id());
    }
    return earlier;
  }

  private void checkStored(String owner, long more) throws IOException {
    if (!limits.boundsStored()) {
      return;
    }
    Stored stored = records.stored(owner);
    if (stored.inputBytes() + more > limits.inputBytesPerUser()) {
      throw new QuotaException(
          "the uploads of your jobs take more space than you may use; delete jobs that you don't"
              + " need (the operator's setting MAX_USER_UPLOADS)");
    }
    if (stored.outputBytes() > limits.outputBytesPerUser()) {
      throw new QuotaException(
          "the outputs of your jobs take more space than you may use; delete jobs that you don't"
              + " need (the operator's setting MAX_USER_OUTPUTS)");
    }
  }
}

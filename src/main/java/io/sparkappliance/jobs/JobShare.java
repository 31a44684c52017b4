package io.sparkappliance.jobs;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Where every gateway finds what came with jobs and what they have left behind: the jobs' folder
 * itself, or another place to which this gateway brings it from there.
 */
interface JobShare extends AutoCloseable {
  /** Tells whether a job is written down. */
  @FunctionalInterface
  interface Records {
    /** Whether there is a record of it, readable or not. */
    boolean have(JobId id) throws IOException;
  }

  /** Tells whether this gateway still holds a job. */
  @FunctionalInterface
  interface Holder {
    /**
     * Makes sure of it.
     *
     * @throws TakenOverException when another one does
     * @throws IOException when that can't be told
     */
    void check(JobId id) throws IOException;
  }

  /**
   * Takes what came with a job, from its directory here. Its record is written after that.
   *
   * @throws IOException when that can't be done; {@link #reject} takes back what was done
   */
  void add(JobId id) throws IOException;

  /** The record of such a job is written. */
  void added(JobId id);

  /** The record of such a job will never be: nothing of it stays, as soon as that can be done. */
  void reject(JobId id);

  /**
   * Makes a job ready to be begun here: what came with it is in its directory, and what an earlier
   * attempt has left is gone. Waits for as long as that can't be done, and while ends of other jobs
   * wait to be {@link #publish published}: they take room here.
   *
   * @param inVain asked now and then whether nobody wants the job to begin any more
   * @return false when it is in vain
   * @throws IOException when it can never be done
   */
  boolean fetch(Job job, BooleanSupplier inVain) throws IOException;

  /**
   * Makes ready a job that goes on in the cluster: what came with it, and what it has written so
   * far, is in its directory. Waits for as long as that can't be done.
   *
   * @param inVain asked now and then whether nobody wants that any more
   * @return false when it is in vain
   * @throws IOException when it can never be done
   */
  boolean resume(Job job, BooleanSupplier inVain) throws IOException;

  /**
   * From now on others see soon what the process of this attempt of a job writes.
   *
   * @param holder asked now and then: who takes over a job writes what others read of it
   */
  void follow(Job job, Holder holder);

  /**
   * Shows others all that a job has left behind here. Its end is written down after that.
   *
   * @param holder asked first: who takes over a job writes what others read of it
   * @throws TakenOverException when another gateway holds the job
   * @throws UnreadableFilesException when that can never be done
   * @throws IOException when that can't be done now; it can be tried again
   */
  void publish(Job job, Holder holder) throws IOException;

  /** Whether {@link #publish} may take a while, in which this process may end. */
  boolean takesTime();

  /** A job is over, or another gateway's: what is here of it alone may go. */
  void release(JobId id);

  /**
   * Opens a file that came with a job.
   *
   * @return empty when there is none
   * @throws IOException when it can't be read
   */
  Optional<SeekableByteChannel> input(JobId id, String name) throws IOException;

  /**
   * Opens a file of a job that this gateway does not run.
   *
   * @param job as it was known before: what it wrote until then is there to be read
   * @return empty when there is none, or nothing is in it
   * @throws IOException when it can't be read
   */
  Optional<SeekableByteChannel> open(Job job, String name) throws IOException;

  /**
   * Bytes of all that is there of a job.
   *
   * @return zero where that can't be told
   */
  long bytes(JobId id);

  /**
   * Removes all that is there of a job.
   *
   * @throws IOException when something can't be removed
   */
  void delete(JobId id) throws IOException;

  /**
   * Removes what a gateway has added that is gone, and that was never written down.
   *
   * @param gateway its {@link Gateways#id}
   * @throws IOException when it can't be removed
   */
  void deleteIncoming(String gateway, Records records) throws IOException;

  /**
   * Removes from here what earlier processes have left of jobs.
   *
   * @param isHere whether this process has to do with a job
   */
  void sweep(Predicate<JobId> isHere);

  /** No job is begun any more. */
  @Override
  void close();
}

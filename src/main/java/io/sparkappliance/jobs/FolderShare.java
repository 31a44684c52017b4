package io.sparkappliance.jobs;

import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The jobs' folder itself. Who has it mounted sees what is in it, so that nothing is to be done.
 *
 * @param root the folder
 */
record FolderShare(Path root) implements JobShare {
  private static final String INCOMING = "incoming";

  /** Where all gateways spool uploads. */
  static Path incoming(Path root) {
    return root.resolve(INCOMING);
  }

  /** Where a gateway spools its uploads, if others have the folder as well. */
  static Path incoming(Path root, String gateway) {
    return incoming(root).resolve(gateway);
  }

  /**
   * Opens a file of a job's directory.
   *
   * @return empty when there is none
   * @throws IOException when it can't be read
   */
  static Optional<SeekableByteChannel> open(Path file) throws IOException {
    try {
      return Optional.of(Files.newByteChannel(file));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
  }

  @Override
  public void add(JobId id) {}

  @Override
  public void added(JobId id) {}

  @Override
  public void reject(JobId id) {}

  @Override
  public boolean fetch(Job job, BooleanSupplier inVain) {
    return !inVain.getAsBoolean();
  }

  @Override
  public boolean resume(Job job, BooleanSupplier inVain) {
    return true;
  }

  @Override
  public void follow(Job job, Holder holder) {}

  @Override
  public void publish(Job job, Holder holder) {}

  @Override
  public boolean takesTime() {
    return false;
  }

  @Override
  public void release(JobId id) {}

  @Override
  public Optional<SeekableByteChannel> input(JobId id, String name) throws IOException {
    return open(root.resolve(id.value()).resolve(name));
  }

  @Override
  public Optional<SeekableByteChannel> open(Job job, String name) throws IOException {
    return input(job.id(), name);
  }

  @Override
  public long bytes(JobId id) {
    return 0;
  }

  @Override
  public void delete(JobId id) {}

  @Override
  public void deleteIncoming(String gateway, Records records) throws IOException {
    FileTrees.delete(incoming(root, gateway));
  }

  @Override
  public void sweep(Predicate<JobId> isHere) {}

  @Override
  public void close() {}
}

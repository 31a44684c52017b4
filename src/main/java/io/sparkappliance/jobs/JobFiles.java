package io.sparkappliance.jobs;

import io.sparkappliance.storage.AtomicFiles;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came in with jobs and what came out. Each job has a directory of its own, named by its id.
 * Files have names of our choice; what a client calls its file is never used as one.
 */
final class JobFiles {
  private static final Logger LOG = LoggerFactory.getLogger(JobFiles.class);
  private static final String RECORDS = "records";
  private static final String REQUEST = "request.json";

  private final Path root;
  private final Path incoming;
  private final Path processes;

  private JobFiles(Path root) {
    this.root = root;
    this.incoming = root.resolve("incoming");
    this.processes = root.resolve("processes");
  }

  /**
   * Opens the directory, making it where it is missing. Uploads that a crash cut off are removed.
   *
   * @param root directory that belongs to the jobs alone
   * @throws IOException when it can't be written
   */
  static JobFiles open(Path root) throws IOException {
    JobFiles files = new JobFiles(root);
    createDirectory(root);
    createDirectory(files.processes);
    FileTrees.delete(files.incoming);
    createDirectory(files.incoming);
    return files;
  }

  /** Those of a node that may never have had a job; nothing is created or removed. */
  static JobFiles at(Path root) {
    return new JobFiles(root);
  }

  /** The database of a single gateway, without its ending. */
  Path records() {
    return root.resolve(RECORDS);
  }

  /** Where uploads are spooled until they are accepted; on the same file system as the jobs. */
  Path incoming() {
    return incoming;
  }

  /** For marks of sessions; need not exist. */
  Path sessions() {
    return root.resolve("sessions");
  }

  /** The directory of a job. */
  Path directory(JobId id) {
    return root.resolve(id.value());
  }

  /**
   * Makes the directory of a new job and moves what came with it there. When this returns, a crash
   * of the machine does not undo it.
   *
   * @param upload a file in {@link #incoming}
   * @return size of the upload in bytes
   * @throws IOException when it can't be written
   */
  long create(JobId id, JobRequest request, Path upload) throws IOException {
    Path directory = directory(id);
    createDirectory(directory);
    Path input = directory.resolve(request.fileName());
    Files.move(upload, input, StandardCopyOption.REPLACE_EXISTING);
    flush(input);
    AtomicFiles.write(directory.resolve(REQUEST), request.toJson(), "rw-------");
    return Files.size(input);
  }

  /**
   * What came with a job.
   *
   * @throws JobFailure when it holds what is not kept on disk
   * @throws IOException when it can't be read
   */
  JobRequest request(JobId id) throws IOException, JobFailure {
    return JobRequest.fromJson(Files.readString(directory(id).resolve(REQUEST)));
  }

  /**
   * Removes all that a job has on disk.
   *
   * @throws IOException when something can't be removed
   */
  void delete(JobId id) throws IOException {
    Files.deleteIfExists(processes.resolve(id.value()));
    FileTrees.delete(directory(id));
  }

  /** Bytes of all files of a job but its upload; what vanishes meanwhile counts nothing. */
  long outputBytes(JobId id, long inputBytes) {
    try (Stream<Path> files =
        Files.find(directory(id), 1, (_, attributes) -> attributes.isRegularFile())) {
      return Math.max(0, files.mapToLong(JobFiles::size).sum() - inputBytes);
    } catch (IOException gone) {
      return 0;
    }
  }

  private static long size(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).size();
    } catch (IOException gone) {
      return 0;
    }
  }

  /**
   * Writes down which process runs a job, for whoever comes after this one.
   *
   * @throws IOException when it can't be written
   */
  void addProcess(JobId id, ProcessIdentity process) throws IOException {
    AtomicFiles.write(processes.resolve(id.value()), process.toString(), "rw-------");
  }

  /** The process that was written down for a job; empty when there is none. */
  Optional<ProcessIdentity> process(JobId id) {
    try {
      return ProcessIdentity.parse(Files.readString(processes.resolve(id.value())));
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  /** Takes note that a job's process is gone. */
  void removeProcess(JobId id) {
    try {
      Files.deleteIfExists(processes.resolve(id.value()));
    } catch (IOException stays) {
      // It names a process that is gone: nothing follows from it.
      LOG.warn("{} can't be removed", processes.resolve(id.value()), stays);
    }
  }

  /**
   * All processes that were written down, by their jobs.
   *
   * @throws IOException when they can't be read
   */
  Map<JobId, ProcessIdentity> processes() throws IOException {
    Map<JobId, ProcessIdentity> found = new HashMap<>();
    try (Stream<Path> marks = Files.list(processes)) {
      marks
          .flatMap(mark -> JobId.parse(mark.getFileName().toString()).stream())
          .forEach(id -> process(id).ifPresent(process -> found.put(id, process)));
    } catch (NoSuchFileException neverUsed) {
      return Map.of();
    }
    return found;
  }

  private static void flush(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void createDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory.getParent());
      try {
        // Scripts and results are their owner's business.
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException madeMeanwhile) {
        if (!Files.isDirectory(directory)) {
          throw madeMeanwhile;
        }
      }
    }
  }
}

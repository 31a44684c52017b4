package io.sparkappliance.jobs;

import io.sparkappliance.storage.AtomicFiles;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
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
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came in with jobs and what came out. Each job has a directory of its own, named by its id.
 * Files have names of our choice; only attachments keep theirs, in a folder of their own, for
 * programs know them by these.
 */
final class JobFiles {
  private static final Logger LOG = LoggerFactory.getLogger(JobFiles.class);
  private static final String RECORDS = "records";

  /** File in a job's directory: how it is run. */
  static final String REQUEST = "request.json";

  /** Folder in a job's directory for files that came with a program. */
  static final String ATTACHMENTS = "attachments";

  private final Path root;
  private final Path own;
  private final Path incoming;
  private final Path processes;
  private final Path ends;
  private final JobShare share;

  private JobFiles(Path root, Path own, Path incoming, JobShare share) {
    this.root = root;
    this.own = own;
    this.incoming = incoming;
    this.share = share;
    this.processes = own.resolve("processes");
    this.ends = own.resolve("ends");
  }

  /**
   * Opens the directory, making it where it is missing. Uploads that a crash cut off are removed.
   *
   * @param root directory that belongs to the jobs alone
   * @throws IOException when it can't be written
   */
  static JobFiles open(Path root) throws IOException {
    return at(root).prepare();
  }

  /**
   * Opens the directory of a gateway whose jobs are somewhere else as well.
   *
   * @param root directory that belongs to this gateway alone
   * @param share where the others find them; closed with this
   * @throws IOException when it can't be written
   */
  static JobFiles open(Path root, JobShare share) throws IOException {
    return new JobFiles(root, root, FolderShare.incoming(root), share).prepare();
  }

  /**
   * Opens a directory that several gateways share.
   *
   * @param root the directory
   * @param home what is this gateway's alone
   * @param process its {@link Gateways#id}
   * @throws IOException when it can't be written
   */
  static JobFiles shared(Path root, GatewayHome home, String process) throws IOException {
    Path incoming = FolderShare.incoming(root, process);
    return new JobFiles(root, home.directory(), incoming, new FolderShare(root)).prepare();
  }

  private JobFiles prepare() throws IOException {
    createDirectory(root);
    createDirectory(processes);
    FileTrees.delete(incoming);
    createDirectory(incoming.getParent());
    createDirectory(incoming);
    return this;
  }

  /** Those of a node that may never have had a job; nothing is created or removed. */
  static JobFiles at(Path root) {
    return at(root, root);
  }

  /** The same, where the directory is shared and what is this gateway's alone is elsewhere. */
  static JobFiles at(Path root, Path home) {
    return new JobFiles(root, home, FolderShare.incoming(root), new FolderShare(root));
  }

  /** Where other gateways find what is here. */
  JobShare share() {
    return share;
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
    return own.resolve("sessions");
  }

  /** The directory of a job. */
  Path directory(JobId id) {
    return root.resolve(id.value());
  }

  /**
   * Makes the directory of a new job and moves what came with it there. When this returns, a crash
   * of the machine does not undo it, and other gateways can run it.
   *
   * @param upload files in {@link #incoming}
   * @return size of the upload in bytes
   * @throws UnreachableFilesException when others would not find it
   * @throws IOException when it can't be written
   */
  long create(JobId id, JobRequest request, Upload upload) throws IOException {
    Path directory = directory(id);
    createDirectory(directory);
    long bytes = upload.bytes();
    take(upload.program(), directory.resolve(request.fileName()));
    if (!upload.attachments().isEmpty()) {
      Path attachments = directory.resolve(ATTACHMENTS);
      createDirectory(attachments);
      for (Map.Entry<Attachment, Path> one : upload.attachments().entrySet()) {
        take(one.getValue(), attachments.resolve(one.getKey().fileName()));
      }
      flush(attachments);
    }
    AtomicFiles.write(directory.resolve(REQUEST), request.toJson(), "rw-------");
    share.add(id);
    return bytes;
  }

  /**
   * Removes what was {@link #create made} for a job that is none: there is no record of it.
   *
   * @throws IOException when something here can't be removed
   */
  void reject(JobId id) throws IOException {
    FileTrees.delete(directory(id));
    share.reject(id);
  }

  private static void take(Path upload, Path input) throws IOException {
    Files.move(upload, input, StandardCopyOption.REPLACE_EXISTING);
    flush(input);
  }

  /**
   * What came with a job.
   *
   * @throws JobFailure when it holds what is not kept on disk
   * @throws IOException when it can't be read
   */
  JobRequest request(JobId id) throws IOException, JobFailure {
    try (InputStream json = input(id, REQUEST)) {
      return JobRequest.fromJson(new String(json.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /**
   * A file that came with a job. It does not change, so that any copy of it will do.
   *
   * @throws NoSuchFileException when there is none
   * @throws IOException when it can't be read
   */
  InputStream input(JobId id, String name) throws IOException {
    Optional<SeekableByteChannel> file = FolderShare.open(directory(id).resolve(name));
    if (file.isEmpty()) {
      file = share.input(id, name);
    }
    return file.map(Channels::newInputStream)
        .orElseThrow(() -> new NoSuchFileException(id + "/" + name));
  }

  /**
   * Opens what a job has left, here or where others have brought it.
   *
   * @param isHere whether this gateway runs a job
   * @return empty when there is none
   * @throws IOException when it can't be read
   */
  Optional<SeekableByteChannel> open(Job job, String name, Predicate<JobId> isHere)
      throws IOException {
    if (isHere.test(job.id())) {
      Optional<SeekableByteChannel> here = FolderShare.open(directory(job.id()).resolve(name));
      // What is over meanwhile is no longer here.
      if (here.isPresent() || isHere.test(job.id())) {
        return here;
      }
    }
    return share.open(job, name);
  }

  /**
   * Removes all that a job has left anywhere.
   *
   * @throws IOException when something can't be removed
   */
  void delete(JobId id) throws IOException {
    Files.deleteIfExists(processes.resolve(id.value()));
    FileTrees.delete(directory(id));
    share.delete(id);
  }

  /** Bytes of all files of a job but its upload; what vanishes meanwhile counts nothing. */
  long outputBytes(JobId id, long inputBytes) {
    Path directory = directory(id);
    long bytes =
        Files.exists(directory)
            ? bytes(directory) + bytes(directory.resolve(ATTACHMENTS))
            : share.bytes(id);
    return Math.max(0, bytes - inputBytes);
  }

  private static long bytes(Path directory) {
    try (Stream<Path> files =
        Files.find(directory, 1, (_, attributes) -> attributes.isRegularFile())) {
      return files.mapToLong(JobFiles::size).sum();
    } catch (IOException | UncheckedIOException gone) {
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
   * Keeps how a job ends, for as long as that can't be written down where everybody finds it. The
   * next process of this gateway finds it; no other gateway does, which may have begun the job
   * again.
   *
   * @throws IOException when it can't be written
   */
  void keepEnd(Job end) throws IOException {
    createDirectory(ends);
    AtomicFiles.write(ends.resolve(end.id().value()), JobJson.write(end), "rw-------");
  }

  /**
   * How a job that is written down as unfinished has ended.
   *
   * @return empty when nobody has kept that, or of another attempt
   */
  Optional<Job> keptEnd(Job unfinished) {
    try {
      String text = Files.readString(ends.resolve(unfinished.id().value()));
      return Optional.of(JobJson.read(unfinished.id(), text))
          .filter(end -> end.state().isFinal() && end.attempt() == unfinished.attempt())
          .filter(end -> end.submission().isOf(unfinished.submission()));
    } catch (IOException | RuntimeException none) {
      return Optional.empty();
    }
  }

  /** The end of a job is written down, or another gateway's business. */
  void removeEnd(JobId id) {
    try {
      Files.deleteIfExists(ends.resolve(id.value()));
    } catch (IOException stays) {
      LOG.warn("{} stays", ends.resolve(id.value()), stays);
    }
  }

  /**
   * Removes the ends of jobs with which this gateway has nothing to do any more.
   *
   * @throws IOException when they can't be listed
   */
  void sweepEnds(Predicate<JobId> isHere) throws IOException {
    try (Stream<Path> kept = Files.list(ends)) {
      kept.flatMap(end -> JobId.parse(end.getFileName().toString()).stream())
          .filter(isHere.negate())
          .forEach(this::removeEnd);
    } catch (NoSuchFileException neverUsed) {
      LOG.debug("no end was ever kept in {}", ends, neverUsed);
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

  /** Makes a directory that its owner alone can read, where it is missing. */
  static void createDirectory(Path directory) throws IOException {
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

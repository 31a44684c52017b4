package io.sparkappliance.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkappliance.storage.FileTrees;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Jobs on disk. Each has a directory of its own, named by its id, that holds its record, what came
 * in and what came out. Files have names of our choice; what a client calls its file is never used
 * as one.
 *
 * <p>A record is replaced in one step and flushed to the disk first, so a reader sees the old one
 * or the new one, also after a crash. Jobs that are not over have an entry in one more directory:
 * what a restart costs depends on those, not on all jobs there ever were.
 */
public final class JobStore {
  private static final String RECORD = "job.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path root;
  private final Path incoming;
  private final Path unfinished;

  private JobStore(Path root) {
    this.root = root;
    this.incoming = root.resolve("incoming");
    this.unfinished = root.resolve("unfinished");
  }

  /**
   * Opens the store, making its directories where they are missing. Uploads that a crash cut off
   * are removed.
   *
   * @param root directory that belongs to the jobs alone
   * @throws IOException when it can't be written
   */
  public static JobStore open(Path root) throws IOException {
    JobStore store = new JobStore(root);
    createDirectory(root);
    createDirectory(store.unfinished);
    FileTrees.delete(store.incoming);
    createDirectory(store.incoming);
    return store;
  }

  /** The store of a node that may never have had one; nothing is created or removed. */
  static JobStore at(Path root) {
    return new JobStore(root);
  }

  /** Where uploads are spooled until they are accepted; on the same file system as the jobs. */
  public Path incoming() {
    return incoming;
  }

  /** The directory of a job. */
  Path directory(JobId id) {
    return root.resolve(id.value());
  }

  /**
   * Makes the directory of a new job.
   *
   * @throws IOException when it can't be written
   */
  void create(JobId id) throws IOException {
    createDirectory(directory(id));
  }

  /**
   * Removes a job that was not accepted after all.
   *
   * @throws IOException when something can't be removed
   */
  void discard(JobId id) throws IOException {
    Files.deleteIfExists(unfinished.resolve(id.value()));
    FileTrees.delete(directory(id));
  }

  /**
   * Writes the record. When this returns, a crash of the machine does not undo it.
   *
   * @throws IOException when it can't be written
   */
  void save(Job job) throws IOException {
    Path mark = unfinished.resolve(job.id().value());
    if (!job.state().isFinal() && !Files.exists(mark)) {
      Files.createFile(mark);
      flush(unfinished);
    }
    Path directory = directory(job.id());
    Path draft = directory.resolve(RECORD + ".new");
    try (FileChannel channel =
        FileChannel.open(
            draft,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(toJson(job)));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(
        draft,
        directory.resolve(RECORD),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    flush(directory);
    if (job.state().isFinal()) {
      Files.deleteIfExists(mark);
    }
  }

  /**
   * Reads a record.
   *
   * @return empty when there is no such job
   * @throws IOException when there is a record that can't be read
   */
  Optional<Job> find(JobId id) throws IOException {
    try {
      return Optional.of(
          fromJson(id, JSON.readTree(Files.readAllBytes(directory(id).resolve(RECORD)))));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    } catch (RuntimeException malformed) {
      throw new IOException("the record of job " + id + " is damaged", malformed);
    }
  }

  /**
   * Jobs that were not over when they were last written.
   *
   * @throws IOException when the store can't be read
   */
  List<JobId> unfinished() throws IOException {
    try (Stream<Path> marks = Files.list(unfinished)) {
      return marks.flatMap(mark -> JobId.parse(mark.getFileName().toString()).stream()).toList();
    } catch (NoSuchFileException neverUsed) {
      return List.of();
    }
  }

  /** Removes the entry of a job of which nothing else is left. */
  void forget(JobId id) throws IOException {
    Files.deleteIfExists(unfinished.resolve(id.value()));
  }

  private static ObjectNode toJson(Job job) {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", job.id().value());
    json.put("kind", job.kind().name());
    json.put("owner", job.owner());
    json.put("state", job.state().name());
    json.put("submitted", job.submitted().toString());
    job.started().ifPresent(at -> json.put("started", at.toString()));
    job.finished().ifPresent(at -> json.put("finished", at.toString()));
    job.reason().ifPresent(why -> json.put("reason", why));
    job.process()
        .ifPresent(
            process ->
                json.putObject("process")
                    .put("pid", process.pid())
                    .put("started", process.started().toString()));
    return json;
  }

  private static Job fromJson(JobId id, JsonNode json) {
    return new Job(
        id,
        JobKind.valueOf(json.required("kind").asText()),
        json.required("owner").asText(),
        JobState.valueOf(json.required("state").asText()),
        Instant.parse(json.required("submitted").asText()),
        text(json, "started").map(Instant::parse),
        text(json, "finished").map(Instant::parse),
        text(json, "reason"),
        Optional.ofNullable(json.get("process"))
            .map(
                process ->
                    new ProcessIdentity(
                        process.required("pid").asLong(),
                        Instant.parse(process.required("started").asText()))));
  }

  private static Optional<String> text(JsonNode json, String name) {
    return Optional.ofNullable(json.get(name)).map(JsonNode::asText);
  }

  /** Flushes a file or directory to the disk. */
  static void flush(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
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

package io.sparkappliance.jobs;

import io.sparkappliance.storage.FetchFailure;
import io.sparkappliance.storage.S3Objects;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/** What came with a job, in S3. */
final class JobInputs {
  private final S3Objects objects;
  private final JobId id;

  JobInputs(S3Objects objects, JobId id) {
    this.objects = objects;
    this.id = id;
  }

  /**
   * Brings it into a directory, unless it is there.
   *
   * @throws FetchFailure when S3 does not give it now
   * @throws IOException when it is gone, or can't be written
   */
  void fetch(Path directory) throws FetchFailure, IOException {
    fetch(directory, Optional.empty());
  }

  /**
   * Brings that and what an attempt has written so far into a directory, unless it is there.
   *
   * @param attempt from 1
   * @throws FetchFailure when S3 does not give it now
   * @throws IOException when it is gone, or can't be written
   */
  void fetchWithOutputs(Path directory, int attempt) throws FetchFailure, IOException {
    fetch(directory, Optional.of(JobOutputs.folder(attempt) + "/"));
  }

  private void fetch(Path directory, Optional<String> outputs) throws FetchFailure, IOException {
    // The request comes last: where it is, all the rest is as well.
    if (Files.exists(directory.resolve(JobFiles.REQUEST))) {
      return;
    }
    List<S3Objects.Entry> entries = objects.list(id.value());
    List<String> names =
        entries.stream()
            .map(entry -> FileParts.fileOf(entry.name()).substring(id.value().length() + 1))
            .filter(S3Objects::isName)
            .filter(
                name -> !JobOutputs.isOutput(name) || outputs.filter(name::startsWith).isPresent())
            .distinct()
            .toList();
    if (!names.contains(JobFiles.REQUEST)) {
      throw new NoSuchFileException("what came with it is no longer in " + objects.location());
    }
    JobFiles.createDirectory(directory);
    for (String name : names) {
      if (!name.equals(JobFiles.REQUEST)) {
        String here =
            outputs.filter(name::startsWith).map(of -> name.substring(of.length())).orElse(name);
        copy(entries, name, directory.resolve(here));
      }
    }
    copy(entries, JobFiles.REQUEST, directory.resolve(JobFiles.REQUEST));
  }

  private void copy(List<S3Objects.Entry> entries, String name, Path target) throws IOException {
    JobFiles.createDirectory(target.getParent());
    // No file that came with a job begins with a dot.
    Path part = target.resolveSibling("." + target.getFileName() + ".part");
    List<FileParts.Part> parts = FileParts.of(entries, id + "/" + name);
    try (InputStream in = Channels.newInputStream(PartsChannel.ofWork(objects, parts))) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}

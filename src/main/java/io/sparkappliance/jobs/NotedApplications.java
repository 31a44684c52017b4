package io.sparkappliance.jobs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down which applications of the cluster jobs are, as their drivers tell. */
final class NotedApplications {
  private static final Logger LOG = LoggerFactory.getLogger(NotedApplications.class);

  private final JobFiles files;
  private final ApplicationNotes notes;

  NotedApplications(JobFiles files, ApplicationNotes notes) {
    this.files = files;
    this.notes = notes;
  }

  /** Looks whether a running job's driver has told, or told anew. */
  void look(LiveJob job) {
    Job now = job.job();
    if (now.kind() != JobKind.APPLICATION || now.state() != JobState.RUNNING) {
      return;
    }
    Optional<String> known = now.sparkApplication().map(SparkApplication::id);
    Path directory = files.directory(job.id());
    Optional<String> told = notes.id(directory);
    if (told.isEmpty() || told.equals(known)) {
      return;
    }
    try {
      Optional<SparkApplication> application = notes.application(directory);
      job.save(
          before ->
              application.isPresent()
                      && before.state() == JobState.RUNNING
                      && before.attempt() == now.attempt()
                  ? before.as(application.get())
                  : before);
    } catch (IOException | RuntimeException notNow) {
      // The next look tries again; who looks has limits to watch, too.
      LOG.warn("which application job {} is could not be written down", job.id(), notNow);
    }
  }

  /** What told its name only after the last look still has it. */
  Job atEnd(Job end) {
    if (end.kind() != JobKind.APPLICATION) {
      return end;
    }
    // Its pages are gone.
    return notes
        .id(files.directory(end.id()))
        .or(() -> end.sparkApplication().map(SparkApplication::id))
        .map(id -> end.as(new SparkApplication(id, Optional.empty())))
        .orElse(end);
  }
}

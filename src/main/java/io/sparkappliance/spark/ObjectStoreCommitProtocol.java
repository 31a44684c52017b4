package io.sparkappliance.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol.TaskCommitMessage;
import org.apache.spark.internal.io.FileNameSpec;
import org.apache.spark.internal.io.cloud.PathOutputCommitProtocol;
import scala.Option;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Spark's binding to the committers of object stores, and dynamic partition overwrite ({@code
 * spark.sql.sources.partitionOverwriteMode=dynamic}) on top of them, which it refuses: stock Spark
 * writes new partitions beside the old ones and renames folders, and S3 has neither.
 *
 * <p>Here the new files go to their places at once, as in any other job, and become visible when
 * the job commits; then those are deleted that were in the written partitions before. Who reads
 * meanwhile may see both for a moment, and nobody sees neither; a job that fails leaves what was.
 *
 * <p>Where the destination is no S3 bucket, all is as in Spark.
 */
public final class ObjectStoreCommitProtocol extends PathOutputCommitProtocol {
  private static final long serialVersionUID = 1;

  private final String id;
  private final String root;
  private final boolean replacesPartitions;

  /**
   * As Spark calls it.
   *
   * @param jobId part of the name of every file of the job
   * @param destination where the table or the folder is
   * @param dynamicPartitionOverwrite whether what is written replaces what was in its partitions
   */
  public ObjectStoreCommitProtocol(
      String jobId, String destination, boolean dynamicPartitionOverwrite) {
    super(jobId, destination, dynamicPartitionOverwrite && !ObjectStores.isOn(destination));
    this.id = jobId;
    this.root = destination;
    this.replacesPartitions = dynamicPartitionOverwrite && ObjectStores.isOn(destination);
  }

  @Override
  public String newTaskTempFile(
      TaskAttemptContext task, Option<String> partition, FileNameSpec name) {
    if (replacesPartitions && partition.isDefined()) {
      // Travels to the driver with the task's commit, as in Spark.
      partitionPaths().add(partition.get());
    }
    return super.newTaskTempFile(task, partition, name);
  }

  @Override
  public void commitJob(JobContext job, Seq<TaskCommitMessage> tasks) {
    try {
      List<Path> replaced = replacesPartitions ? replacedBy(job, tasks) : List.of();
      super.commitJob(job, tasks);
      delete(job, replaced);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** What is in the written partitions, and not by this job: a committer may have shown some. */
  private List<Path> replacedBy(JobContext job, Seq<TaskCommitMessage> tasks) throws IOException {
    List<Path> replaced = new ArrayList<>();
    for (Path partition : partitionsOf(tasks)) {
      FileSystem files = partition.getFileSystem(job.getConfiguration());
      try {
        RemoteIterator<LocatedFileStatus> all = files.listFiles(partition, true);
        while (all.hasNext()) {
          Path file = all.next().getPath();
          if (!file.getName().contains(id)) {
            replaced.add(file);
          }
        }
      } catch (FileNotFoundException nothingThereYet) {
        // A partition that is new.
      }
    }
    return replaced;
  }

  private Set<Path> partitionsOf(Seq<TaskCommitMessage> tasks) {
    Set<Path> partitions = new LinkedHashSet<>();
    for (TaskCommitMessage task : CollectionConverters.asJava(tasks)) {
      Written written = Written.of(task);
      written.partitions().forEach(partition -> partitions.add(new Path(root, partition)));
      // Partitions that the catalogue has at places of their own.
      written.elsewhere().forEach(file -> partitions.add(new Path(file).getParent()));
    }
    return partitions;
  }

  private void delete(JobContext job, List<Path> replaced) throws IOException {
    Map<Path, List<Path>> byBucket =
        replaced.stream().collect(Collectors.groupingBy(ObjectStoreCommitProtocol::bucket));
    for (Map.Entry<Path, List<Path>> bucket : byBucket.entrySet()) {
      FileSystem files = bucket.getKey().getFileSystem(job.getConfiguration());
      List<Path> paths = bucket.getValue();
      try (BulkDelete bulk = files.createBulkDelete(bucket.getKey())) {
        for (int from = 0; from < paths.size(); from += bulk.pageSize()) {
          List<Path> page = paths.subList(from, Math.min(from + bulk.pageSize(), paths.size()));
          List<Map.Entry<Path, String>> left = bulk.bulkDelete(page);
          if (!left.isEmpty()) {
            throw new IOException(left.getFirst().getKey() + ": " + left.getFirst().getValue());
          }
        }
      } catch (IOException failed) {
        throw new IOException(
            "The new files are there, but those they replace could not all be deleted. Check that"
                + " the role allows s3:DeleteObject there and write again: it replaces both.",
            failed);
      }
    }
  }

  private static Path bucket(Path file) {
    return new Path(file.toUri().getScheme(), file.toUri().getAuthority(), "/");
  }

  /**
   * What a task has written, as Spark's protocol tells the driver.
   *
   * @param partitions folders below the destination
   * @param elsewhere files at other places
   */
  private record Written(Set<String> partitions, Set<String> elsewhere) {
    static Written of(TaskCommitMessage task) {
      Tuple2<?, ?> told = (Tuple2<?, ?>) task.obj();
      return new Written(
          strings(CollectionConverters.asJava((scala.collection.Set<?>) told._2())),
          strings(
              ((Map<?, ?>) CollectionConverters.asJava((scala.collection.Map<?, ?>) told._1()))
                  .values()));
    }

    private static Set<String> strings(Iterable<?> values) {
      Set<String> strings = new LinkedHashSet<>();
      values.forEach(value -> strings.add(value.toString()));
      return strings;
    }
  }
}

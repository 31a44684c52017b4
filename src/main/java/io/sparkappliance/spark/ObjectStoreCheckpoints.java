package io.sparkappliance.spark;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager;
import org.apache.spark.sql.execution.streaming.checkpointing.CheckpointFileManager;

/**
 * Where streaming queries keep how far they are. On S3 a file is there when its upload ends, so
 * that it is written to its place; everywhere else to another name and renamed, as Spark does by
 * itself. (Spark has one class for all places, and its class for S3 refuses all others.)
 */
public final class ObjectStoreCheckpoints implements CheckpointFileManager {
  private static final String SETTING = "spark.sql.streaming.checkpointFileManagerClass";

  private final CheckpointFileManager manager;

  /**
   * As Spark calls it.
   *
   * @param path where the files are
   * @param configuration of file systems
   */
  public ObjectStoreCheckpoints(Path path, Configuration configuration) {
    if (ObjectStores.isOn(path.toString())) {
      manager = new AbortableStreamBasedCheckpointFileManager(path, configuration);
    } else {
      Configuration stock = new Configuration(configuration);
      stock.unset(SETTING);
      manager = CheckpointFileManager.create(path, stock);
    }
  }

  @Override
  public CancellableFSDataOutputStream createAtomic(Path path, boolean overwrites) {
    return manager.createAtomic(path, overwrites);
  }

  @Override
  public FSDataInputStream open(Path path) {
    return manager.open(path);
  }

  @Override
  public FileStatus[] list(Path path, PathFilter filter) {
    return manager.list(path, filter);
  }

  @Override
  public void mkdirs(Path path) {
    manager.mkdirs(path);
  }

  @Override
  public boolean exists(Path path) {
    return manager.exists(path);
  }

  @Override
  public void delete(Path path) {
    manager.delete(path);
  }

  @Override
  public boolean isLocal() {
    return manager.isLocal();
  }

  @Override
  public Path createCheckpointDirectory() {
    return manager.createCheckpointDirectory();
  }

  @Override
  public void close() {
    manager.close();
  }
}

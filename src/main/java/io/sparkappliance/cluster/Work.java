package io.sparkappliance.cluster;

/**
 * What a driver has done of the jobs of a group, and has to do as far as it knows. Stages that it
 * found to be done already are in neither.
 *
 * @param stagesDone stages that are over
 * @param stagesTotal all stages
 * @param tasksDone tasks that are over
 * @param tasksTotal all tasks
 */
public record Work(int stagesDone, int stagesTotal, int tasksDone, int tasksTotal) {
  /** Nothing to do. */
  public static final Work NONE = new Work(0, 0, 0, 0);

  /** Both. */
  public Work plus(Work more) {
    return new Work(
        stagesDone + more.stagesDone,
        stagesTotal + more.stagesTotal,
        tasksDone + more.tasksDone,
        tasksTotal + more.tasksTotal);
  }

  /** The part of the tasks that is done, from 0 to 1. */
  public double part() {
    return tasksTotal == 0 ? 0 : (double) tasksDone / tasksTotal;
  }
}

package dev.mydocker.explain;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.PlanCompiler;
import java.util.List;
import java.util.Map;

/** Renders a plan as a shell script that, run as root, gives the same container. */
public final class LaunchScript {

  /**
   * What a launch consists of beside M's and I's plan.
   *
   * @param input what the plan was compiled from
   * @param plan the plan
   * @param cgroup what is done to the host's cgroups
   * @param cgroupFiles the {@code cgroup.procs} files that the first process's pid is written into
   * @param directories host directories to be made, parents first; removed at the end in reverse
   * @param files host files to be written, by path, with their content
   */
  public record Launch(
      PlanCompiler.Input input,
      LaunchPlan plan,
      List<CgroupStep> cgroup,
      List<String> cgroupFiles,
      List<String> directories,
      Map<String, String> files) {}

  private LaunchScript() {}

  /** The script, for sh and util-linux. */
  public static String of(Launch launch) {
    throw new UnsupportedOperationException();
  }
}

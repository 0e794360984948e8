package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupPressure;
import dev.mydocker.cgroup.CgroupUsage;

/**
 * What a running container uses.
 *
 * @param nanos when, by this host's monotonic clock
 * @param usage what its cgroup counts; the limit is at most the host's memory
 * @param received bytes by its network devices, loopback excepted; 0 on the host's network
 * @param sent likewise
 * @param pressure what it waits for
 */
public record ContainerStats(
    long nanos, CgroupUsage usage, long received, long sent, CgroupPressure pressure) {

  /** CPU time since an earlier look; 100 is one CPU. */
  public double cpuPercent(ContainerStats before) {
    long time = nanos - before.nanos();
    long used = usage.cpuNanos() - before.usage().cpuNanos();
    return time <= 0 || used <= 0 ? 0 : 100.0 * used / time;
  }

  /** Its share of the memory that it may use; 100 is all. */
  public double memoryPercent() {
    return 100.0 * usage.memory() / usage.memoryLimit();
  }
}

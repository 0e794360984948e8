package dev.mydocker.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The resource limits that were asked for; what is empty was not.
 *
 * @param memory bytes
 * @param memoryReservation bytes
 * @param memorySwap bytes of memory and swap together, -1 for no limit
 * @param nanoCpus CPUs in billionths
 * @param cpuShares relative weight, 2 to 262144
 * @param cpuPeriod microseconds
 * @param cpuQuota microseconds per period, -1 for no limit
 * @param cpusetCpus {@code 0-3,7}
 * @param pids processes and threads, -1 for no limit
 * @param swappiness how readily memory is swapped out, 0 to 100
 * @param oomKillDisable whether a process waits for memory instead of being killed
 * @param cpusetMems memory nodes: {@code 0-3,7}
 * @param blockIo use of block devices
 * @param unified files of cgroup version 2, and what is written into them
 */
public record Limits(
    OptionalLong memory,
    OptionalLong memoryReservation,
    OptionalLong memorySwap,
    OptionalLong nanoCpus,
    OptionalLong cpuShares,
    OptionalLong cpuPeriod,
    OptionalLong cpuQuota,
    Optional<String> cpusetCpus,
    OptionalLong pids,
    OptionalLong swappiness,
    boolean oomKillDisable,
    Optional<String> cpusetMems,
    BlockIoChoice blockIo,
    Map<String, String> unified) {

  /** No limits. */
  public static final Limits NONE =
      new Limits(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          Optional.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          false,
          Optional.empty(),
          BlockIoChoice.NONE,
          Map.of());

  public Limits {
    unified = Collections.unmodifiableMap(new LinkedHashMap<>(unified));
  }
}

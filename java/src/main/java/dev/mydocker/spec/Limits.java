package dev.mydocker.spec;

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
    OptionalLong pids) {

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
          OptionalLong.empty());
}

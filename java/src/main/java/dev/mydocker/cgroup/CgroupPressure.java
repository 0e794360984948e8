package dev.mydocker.cgroup;

import java.util.OptionalDouble;

/**
 * How much of the last ten seconds some process of a cgroup stood still for want of something,
 * percent; empty where the kernel does not tell: on cgroup v1, and without PSI (kernel,
 * accounting/psi, {@code some avg10}).
 *
 * @param cpu of CPU time
 * @param memory of memory
 * @param io of a block device
 */
public record CgroupPressure(OptionalDouble cpu, OptionalDouble memory, OptionalDouble io) {
  /** Nothing is known. */
  public static final CgroupPressure UNKNOWN =
      new CgroupPressure(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());
}

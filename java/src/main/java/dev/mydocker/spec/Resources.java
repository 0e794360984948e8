package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** The limits of the container's cgroup, checked as Docker does and in its words. */
final class Resources {
  private static final long MIN_MEMORY = 6L << 20;
  private static final long PERIOD = 100_000;
  private static final long NANO = 1_000_000_000;

  private final Limits asked;
  private final HostFacts host;
  private final Causes.Collector why;

  private Resources(Limits asked, HostFacts host, Causes.Collector why) {
    this.asked = asked;
    this.host = host;
    this.why = why;
  }

  /**
   * The limits.
   *
   * @throws OptionException when one is out of range, beyond the host, or contradicts another
   */
  static Spec.Resources of(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    Resources r = new Resources(options.limits(), host, why);
    return new Spec.Resources(
        r.memory(),
        r.cpu(),
        r.pids(),
        DeviceNodes.rules(options, host, why),
        r.blockIo(),
        r.unified());
  }

  /**
   * Limits of which some are changed; CPUs take the place of a quota and its period.
   *
   * @throws OptionException when one is out of range, beyond the host, or contradicts another
   */
  static Spec.Resources changed(
      Spec.Resources now, Limits asked, HostFacts host, Causes.Collector why)
      throws OptionException {
    boolean cpus = set(asked.nanoCpus()).isPresent();
    Map<String, String> unified = new LinkedHashMap<>(now.unified());
    unified.putAll(asked.unified());
    Limits all =
        new Limits(
            or(asked.memory(), now.memory().limit()),
            or(asked.memoryReservation(), now.memory().reservation()),
            or(asked.memorySwap(), now.memory().swap()),
            asked.nanoCpus(),
            or(asked.cpuShares(), now.cpu().shares()),
            cpus ? asked.cpuPeriod() : or(asked.cpuPeriod(), now.cpu().period()),
            cpus ? asked.cpuQuota() : or(asked.cpuQuota(), now.cpu().quota()),
            asked.cpusetCpus().or(() -> now.cpu().cpus()),
            or(asked.pids(), now.pidsLimit()),
            now.memory().swappiness(),
            now.memory().disableOomKiller(),
            asked.cpusetMems().or(() -> now.cpu().mems()),
            BlockIoChoice.ofWeight(or(asked.blockIo().weight(), now.blockIo().weight())),
            unified);
    Resources r = new Resources(all, host, why);
    Spec.BlockIo io = now.blockIo();
    return new Spec.Resources(
        r.memory(),
        r.cpu(),
        r.pids(),
        now.devices(),
        new Spec.BlockIo(
            r.blockIo().weight(),
            io.weights(),
            io.readBps(),
            io.writeBps(),
            io.readIops(),
            io.writeIops()),
        r.unified());
  }

  private static OptionalLong or(OptionalLong asked, OptionalLong now) {
    return set(asked).isPresent() ? asked : now;
  }

  private Spec.Memory memory() throws OptionException {
    OptionalLong limit = set(asked.memory());
    OptionalLong reservation = set(asked.memoryReservation());
    if (limit.orElse(MIN_MEMORY) < MIN_MEMORY) {
      throw new OptionException("Minimum memory limit allowed is 6MB");
    }
    if (reservation.orElse(MIN_MEMORY) < MIN_MEMORY) {
      throw new OptionException("Minimum memory reservation allowed is 6MB");
    }
    if (limit.isPresent() && reservation.orElse(0) > limit.getAsLong()) {
      throw new OptionException(
          "Minimum memory limit can not be less than memory reservation limit, see usage");
    }
    because("memory.limit", limit, "--memory=" + Bytes.format(limit.orElse(0)));
    because(
        "memory.reservation",
        reservation,
        "--memory-reservation=" + Bytes.format(reservation.orElse(0)));
    if (asked.oomKillDisable()) {
      why.put("resource:memory.disableOOMKiller", "--oom-kill-disable");
    }
    return new Spec.Memory(limit, reservation, swap(limit), swappiness(), asked.oomKillDisable());
  }

  /** Docker says -1 for the host's own. */
  private OptionalLong swappiness() throws OptionException {
    OptionalLong wanted = asked.swappiness();
    if (wanted.isEmpty() || wanted.getAsLong() == -1) {
      return OptionalLong.empty();
    }
    if (wanted.getAsLong() < 0 || wanted.getAsLong() > 100) {
      throw new OptionException(
          "invalid value: " + wanted.getAsLong() + ", valid memory swappiness range is 0-100");
    }
    because("memory.swappiness", wanted, "--memory-swappiness=" + wanted.getAsLong());
    return wanted;
  }

  private Spec.BlockIo blockIo() throws OptionException {
    BlockIoChoice io = asked.blockIo();
    OptionalLong weight = set(io.weight());
    if (weight.orElse(10) < 10 || weight.orElse(10) > 1000) {
      throw new OptionException("Range of blkio weight is from 10 to 1000");
    }
    because("blockIO.weight", weight, "--blkio-weight=" + weight.orElse(0));
    return new Spec.BlockIo(
        weight,
        devices("weightDevice", "--blkio-weight-device", io.weights()),
        devices("throttleReadBpsDevice", "--device-read-bps", io.readBps()),
        devices("throttleWriteBpsDevice", "--device-write-bps", io.writeBps()),
        devices("throttleReadIOPSDevice", "--device-read-iops", io.readIops()),
        devices("throttleWriteIOPSDevice", "--device-write-iops", io.writeIops()));
  }

  private List<Spec.DeviceValue> devices(String part, String flag, Map<String, Long> values)
      throws OptionException {
    List<Spec.DeviceValue> out = new ArrayList<>();
    for (Map.Entry<String, Long> value : values.entrySet()) {
      List<Spec.Device> found = host.chosen().getOrDefault(value.getKey(), List.of());
      if (found.size() != 1 || !found.get(0).type().equals("b")) {
        throw new OptionException(
            flag
                + ": "
                + OptionException.quote(value.getKey())
                + " is no block device of this host");
      }
      Spec.Device device = found.get(0);
      out.add(new Spec.DeviceValue(device.major(), device.minor(), value.getValue()));
      why.put("resource:blockIO." + part, flag + "=" + value.getKey() + ":" + value.getValue());
    }
    return out;
  }

  /** Memory and swap together; as much swap as memory unless something is said, as in Docker. */
  private OptionalLong swap(OptionalLong memory) throws OptionException {
    OptionalLong swap = set(asked.memorySwap());
    long wanted = swap.orElse(0);
    if (wanted < -1) {
      throw new OptionException("--memory-swap: it is an amount of memory, or -1 for no limit");
    }
    if (wanted > 0 && memory.isEmpty()) {
      throw new OptionException(
          "You should always set the Memory limit when using Memoryswap limit, see usage");
    }
    if (wanted > 0 && wanted < memory.getAsLong()) {
      throw new OptionException(
          "Minimum memoryswap limit should be larger than memory limit, see usage");
    }
    if (wanted > 0 && !host.swapAccounting()) {
      throw new OptionException(
          "--memory-swap: this kernel does not limit swap: boot it with swapaccount=1");
    }
    if (!host.swapAccounting() || memory.isEmpty() && swap.isEmpty()) {
      return OptionalLong.empty();
    }
    if (swap.isPresent()) {
      because("memory.swap", swap, "--memory-swap=" + (wanted < 0 ? "-1" : Bytes.format(wanted)));
      return swap;
    }
    OptionalLong twice = OptionalLong.of(Math.min(memory.getAsLong(), Long.MAX_VALUE / 2) * 2);
    because("memory.swap", twice, "default: as much swap as --memory");
    return twice;
  }

  private Spec.Cpu cpu() throws OptionException {
    OptionalLong nano = set(asked.nanoCpus());
    OptionalLong period = set(asked.cpuPeriod());
    OptionalLong quota = set(asked.cpuQuota());
    if (nano.isPresent()) {
      requireAlone(period, "Period");
      requireAlone(quota, "Quota");
      quota = OptionalLong.of(quotaOf(nano.getAsLong()));
      period = OptionalLong.of(PERIOD);
      String text = "--cpus=" + Cpus.formatNano(nano.getAsLong());
      because("cpu.quota", quota, text);
      because("cpu.period", period, text);
    } else {
      checkPeriodAndQuota(period, quota);
      because("cpu.quota", quota, "--cpu-quota=" + quota.orElse(0));
      because("cpu.period", period, "--cpu-period=" + period.orElse(0));
    }
    return new Spec.Cpu(shares(), quota, period, cpuset(), mems());
  }

  private static void requireAlone(OptionalLong other, String name) throws OptionException {
    if (other.isPresent()) {
      throw new OptionException(
          "Conflicting options: Nano CPUs and CPU " + name + " cannot both be set");
    }
  }

  /** Microseconds per {@link #PERIOD}. The kernel takes no quota below a millisecond. */
  private long quotaOf(long nano) throws OptionException {
    int online = host.onlineCpus().size();
    if (nano < NANO / 100 || nano > online * NANO) {
      throw new OptionException(
          "range of CPUs is from 0.01 to "
              + online
              + ".00, as there are only "
              + online
              + " CPUs available");
    }
    return nano / (NANO / PERIOD);
  }

  private static void checkPeriodAndQuota(OptionalLong period, OptionalLong quota)
      throws OptionException {
    if (period.orElse(PERIOD) < 1000 || period.orElse(PERIOD) > 1_000_000) {
      throw new OptionException(
          "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
    }
    if (quota.isPresent() && quota.getAsLong() != -1 && quota.getAsLong() < 1000) {
      throw new OptionException("CPU cfs quota can not be less than 1ms (i.e. 1000)");
    }
  }

  private OptionalLong shares() throws OptionException {
    OptionalLong shares = set(asked.cpuShares());
    if (shares.orElse(2) < 2) {
      throw new OptionException("The minimum allowed cpu-shares is 2");
    }
    if (shares.orElse(2) > 262_144) {
      throw new OptionException("The maximum allowed cpu-shares is 262144");
    }
    because("cpu.shares", shares, "--cpu-shares=" + shares.orElse(0));
    return shares;
  }

  private Optional<String> cpuset() throws OptionException {
    Optional<String> cpus = asked.cpusetCpus().filter(s -> !s.isEmpty());
    if (cpus.isEmpty()) {
      return cpus;
    }
    TreeSet<Integer> wanted = Cpus.parseList(cpus.get());
    if (!host.onlineCpus().containsAll(wanted)) {
      throw new OptionException(
          "Requested CPUs are not available - requested "
              + cpus.get()
              + ", available: "
              + Cpus.formatList(host.onlineCpus()));
    }
    why.put("resource:cpu.cpus", "--cpuset-cpus=" + cpus.get());
    return cpus;
  }

  /** Which nodes there are is for the kernel to say. */
  private Optional<String> mems() throws OptionException {
    Optional<String> mems = asked.cpusetMems().filter(s -> !s.isEmpty());
    if (mems.isPresent()) {
      Cpus.parseList(mems.get());
      why.put("resource:cpu.mems", "--cpuset-mems=" + mems.get());
    }
    return mems;
  }

  private Map<String, String> unified() {
    asked
        .unified()
        .forEach(
            (file, value) ->
                why.put("resource:unified." + file, "--cgroup-conf=" + file + "=" + value));
    return asked.unified();
  }

  private OptionalLong pids() throws OptionException {
    OptionalLong pids = set(asked.pids());
    if (pids.orElse(0) < -1) {
      throw new OptionException("--pids-limit: it is a number of processes, or -1 for no limit");
    }
    if (pids.orElse(-1) == -1) {
      return OptionalLong.empty();
    }
    because("pids.limit", pids, "--pids-limit=" + pids.getAsLong());
    return pids;
  }

  private void because(String part, OptionalLong value, String text) {
    if (value.isPresent()) {
      why.put("resource:" + part, text);
    }
  }

  /** To Docker a zero says the same as nothing. */
  private static OptionalLong set(OptionalLong value) {
    return value.orElse(0) == 0 ? OptionalLong.empty() : value;
  }
}

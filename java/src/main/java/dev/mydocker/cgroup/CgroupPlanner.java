package dev.mydocker.cgroup;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Decides the steps of one cgroup: first its directories, then what its parents must hand down,
 * then its limits.
 *
 * <p>The directories come first because parents are shared: once the child exists, a parent cannot
 * be removed by whoever removes the last other child, and what is written into it stays. In a v2
 * parent there are no processes, so controllers may be enabled for its children (cgroups(7), "no
 * internal processes"); the root of v2 is exempt from that rule.
 */
final class CgroupPlanner {
  /** The kernel's own, microseconds. */
  private static final long DEFAULT_PERIOD = 100_000;

  /** Why there is no cgroup, and what to do. */
  static final String NONE =
      "none is delegated to this user: do it as root, or where cgroup v2 is by"
          + " systemd-run --user --scope -p Delegate=yes";

  private final List<Hierarchy> hierarchies;
  private final CgroupHost.Facts facts;
  private final String path;
  private final Causes causes;
  private final List<CgroupStep> limits = new ArrayList<>();

  /** Controllers of v2 that this cgroup uses: memory and pids always, for their counters. */
  private final Set<String> enabled = new LinkedHashSet<>();

  CgroupPlanner(List<Hierarchy> hierarchies, CgroupHost.Facts facts, String path, Causes causes) {
    this.hierarchies = hierarchies;
    this.facts = facts;
    this.path = path;
    this.causes = causes;
  }

  List<CgroupStep> plan(Spec.Resources resources) throws IOException {
    for (Hierarchy h : hierarchies) {
      for (String controller : List.of("memory", "pids")) {
        if (h.unified() && h.controllers().contains(controller)) {
          enabled.add(controller);
        }
      }
    }
    memory(resources.memory());
    cpu(resources.cpu());
    cpuset("cpus", resources.cpu().cpus(), facts.cpus());
    cpuset("mems", resources.cpu().mems(), facts.mems());
    pids(resources.pidsLimit());
    devices(resources.devices());
    blockIo(resources.blockIo());
    unified(resources.unified());

    List<CgroupStep> steps = new ArrayList<>();
    for (Hierarchy h : hierarchies) {
      directories(h, steps);
    }
    for (Hierarchy h : hierarchies) {
      handDown(h, steps);
    }
    steps.addAll(limits);
    return List.copyOf(steps);
  }

  private void directories(Hierarchy h, List<CgroupStep> steps) {
    for (String parent : parents()) {
      String why = "the parent of all containers, " + h.title();
      steps.add(new CgroupStep.MakeDirectory(h.mountPoint() + parent, true, why));
    }
    String why = "the container's own, " + h.title();
    steps.add(new CgroupStep.MakeDirectory(h.mountPoint() + path, false, why));
  }

  /** The proper ancestors of the path without the root, the uppermost first. */
  private List<String> parents() {
    List<String> parents = new ArrayList<>();
    for (int end = 0; (end = path.indexOf('/', end + 1)) > 0; ) {
      parents.add(path.substring(0, end));
    }
    return parents;
  }

  private void handDown(Hierarchy h, List<CgroupStep> steps) {
    if (h.unified() && !enabled.isEmpty()) {
      String value = "+" + String.join(" +", enabled);
      String why = "handed down, which only a cgroup without processes and the root can do";
      steps.add(write(h.mountPoint() + "/cgroup.subtree_control", value, why));
      for (String parent : parents()) {
        steps.add(write(h.mountPoint() + parent + "/cgroup.subtree_control", value, why));
      }
    }
    if (isCpusetV1(h)) {
      String why = "a v1 cpuset has none of its own, and takes no process without";
      for (String parent : parents()) {
        steps.add(write(h.mountPoint() + parent + "/cpuset.cpus", facts.cpus(), why));
        steps.add(write(h.mountPoint() + parent + "/cpuset.mems", facts.mems(), why));
      }
    }
  }

  private static boolean isCpusetV1(Hierarchy h) {
    return !h.unified() && h.controllers().contains("cpuset");
  }

  private static CgroupStep write(String file, String value, String why) {
    return new CgroupStep.Write(file, value, false, why);
  }

  // ---- limits -----------------------------------------------------------------------------------

  private void memory(Spec.Memory memory) throws IOException {
    if (isLimit(memory.limit())) {
      long limit = memory.limit().getAsLong();
      limit("memory.limit", "memory", "memory.limit_in_bytes", "memory.max", limit);
    }
    if (isLimit(memory.swap())) {
      // After the limit: v1 refuses a sum below the memory limit, which is infinite at first.
      swap(memory.limit().orElse(-1), memory.swap().getAsLong());
    }
    if (isLimit(memory.reservation())) {
      long soft = memory.reservation().getAsLong();
      limit("memory.reservation", "memory", "memory.soft_limit_in_bytes", "memory.low", soft);
    }
    if (memory.swappiness().isPresent()) {
      String value = Long.toString(memory.swappiness().getAsLong());
      limit("memory.swappiness", onlyV1("memory", "memory.swappiness"), "memory.swappiness", value);
    }
    if (memory.disableOomKiller()) {
      String key = "memory.disableOOMKiller";
      String directory = onlyV1("memory", key).mountPoint() + path;
      limits.add(write(directory + "/memory.oom_control", "1", cause(key)));
    }
  }

  /** A controller for something that cgroup v2 has nothing for. */
  private Hierarchy onlyV1(String controller, String key) throws IOException {
    Hierarchy h = require(controller, key);
    if (h.unified()) {
      throw new IOException(
          cause(key) + " is something that cgroup v2 does not have: run without it");
    }
    return h;
  }

  /** {@code both} is of memory and swap together; v2 limits swap alone. */
  private void swap(long memory, long both) throws IOException {
    String key = "memory.swap";
    require("memory", key);
    if (!facts.swapAccounting()) {
      throw new IOException(
          cause(key)
              + " needs a kernel that accounts swap, and this one does not:"
              + " boot it with swapaccount=1, or run without that limit");
    }
    if (memory < 0 || both < memory) {
      throw new IOException(
          cause(key)
              + " is the limit of memory and swap together: "
              + (memory < 0 ? "set a memory limit too" : "it cannot be below the memory limit"));
    }
    boolean unified = require("memory", key).unified();
    limit(
        key,
        "memory",
        "memory.memsw.limit_in_bytes",
        "memory.swap.max",
        unified ? both - memory : both);
  }

  private void cpu(Spec.Cpu cpu) throws IOException {
    if (cpu.shares().orElse(0) > 0) {
      long shares = cpu.shares().getAsLong();
      boolean unified = require("cpu", "cpu.shares").unified();
      limit("cpu.shares", "cpu", "cpu.shares", "cpu.weight", unified ? weight(shares) : shares);
    }
    OptionalLong quota = isLimit(cpu.quota()) ? cpu.quota() : OptionalLong.empty();
    if (quota.isEmpty() && cpu.period().isEmpty()) {
      return;
    }
    String key = quota.isPresent() ? "cpu.quota" : "cpu.period";
    Hierarchy h = require("cpu", key);
    if (h.unified()) {
      String amount = quota.isPresent() ? Long.toString(quota.getAsLong()) : "max";
      long period = cpu.period().orElse(DEFAULT_PERIOD);
      limit(key, h, "cpu.max", amount + " " + period);
      return;
    }
    if (cpu.period().isPresent()) {
      limit("cpu.period", h, "cpu.cfs_period_us", Long.toString(cpu.period().getAsLong()));
    }
    if (quota.isPresent()) {
      limit(key, h, "cpu.cfs_quota_us", Long.toString(quota.getAsLong()));
    }
  }

  /**
   * The weight of v2, 1 to 10000, for the shares of v1, 2 to 262144: the linear mapping that runc
   * and crun have used since v2 exists. Default shares of 1024 give 39, where v2's own default is
   * 100; what counts is the proportion between containers, and that is kept.
   */
  static long weight(long shares) {
    return 1 + (shares - 2) * 9999 / 262142;
  }

  /** v1 needs a value always, v2 only when it was asked for. */
  private void cpuset(String what, Optional<String> asked, String hosts) throws IOException {
    String file = "cpuset." + what;
    if (asked.isPresent()) {
      String key = "cpu." + what;
      limit(key, require("cpuset", key), file, asked.get());
      return;
    }
    for (Hierarchy h : hierarchies) {
      if (isCpusetV1(h)) {
        limits.add(write(h.mountPoint() + path + "/" + file, hosts, "all that the host has"));
      }
    }
  }

  private void pids(OptionalLong pids) throws IOException {
    if (isLimit(pids)) {
      limit("pids.limit", "pids", "pids.max", "pids.max", pids.getAsLong());
    }
  }

  /**
   * See the kernel's admin-guide/cgroup-v1/blkio-controller, and "IO" in cgroup-v2. What the kernel
   * shows of a device's limits is more than was written, so it is not compared.
   */
  private void blockIo(Spec.BlockIo io) throws IOException {
    if (io.weight().isPresent()) {
      weight("blockIO.weight", "", io.weight().getAsLong());
    }
    for (Spec.DeviceValue device : io.weights()) {
      weight("blockIO.weightDevice", number(device) + " ", device.value());
    }
    throttle("blockIO.throttleReadBpsDevice", "read_bps", "rbps", io.readBps());
    throttle("blockIO.throttleWriteBpsDevice", "write_bps", "wbps", io.writeBps());
    throttle("blockIO.throttleReadIOPSDevice", "read_iops", "riops", io.readIops());
    throttle("blockIO.throttleWriteIOPSDevice", "write_iops", "wiops", io.writeIops());
  }

  /**
   * After all others, as it is the more exact wish. What such a file says when it is read is for
   * each another thing, so it is not compared.
   */
  private void unified(Map<String, String> settings) throws IOException {
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      String file = setting.getKey();
      String key = "unified." + file;
      String controller = file.substring(0, file.indexOf('.'));
      Optional<Hierarchy> v1 = find(controller.equals("io") ? "blkio" : controller);
      if (v1.isPresent() && !v1.get().unified()) {
        throw new IOException(
            cause(key)
                + " is a file of cgroup version 2, and this host's controller "
                + controller
                + " is of version 1: run without it");
      }
      Hierarchy h = require(controller, key);
      enabled.add(controller);
      limits.add(write(h.mountPoint() + path + "/" + file, setting.getValue(), cause(key)));
    }
  }

  private static String number(Spec.DeviceValue device) {
    return device.major() + ":" + device.minor();
  }

  private void throttle(String key, String v1, String v2, List<Spec.DeviceValue> devices)
      throws IOException {
    for (Spec.DeviceValue device : devices) {
      Hierarchy h = blockIo(key);
      String file = h.unified() ? "io.max" : "blkio.throttle." + v1 + "_device";
      // To v1 a rate of 0 is none already; v2 has a word for that.
      String rate = device.value() == 0 && h.unified() ? "max" : Long.toString(device.value());
      String value = number(device) + " " + (h.unified() ? v2 + "=" : "") + rate;
      limits.add(write(h.mountPoint() + path + "/" + file, value, cause(key)));
    }
  }

  /** The files of the scheduler BFQ, which both versions have, and which take Docker's range. */
  private void weight(String key, String device, long weight) throws IOException {
    Hierarchy h = blockIo(key);
    String file = (h.unified() ? "/io" : "/blkio") + ".bfq.weight";
    String suffix = h.unified() || device.isEmpty() ? "" : "_device";
    limits.add(write(h.mountPoint() + path + file + suffix, device + weight, cause(key)));
  }

  private Hierarchy blockIo(String key) throws IOException {
    Hierarchy h = find("io").isPresent() ? require("io", key) : require("blkio", key);
    if (h.unified()) {
      enabled.add("io");
    }
    return h;
  }

  /** Later rules win. See the kernel's admin-guide/cgroup-v1/devices. v2 has no such controller. */
  private void devices(List<Spec.DeviceRule> rules) {
    Optional<Hierarchy> devices = find("devices");
    if (devices.isEmpty()) {
      deviceFilter(rules);
      return;
    }
    String directory = devices.get().mountPoint() + path;
    String why = cause("devices");
    for (Spec.DeviceRule rule : rules) {
      String file = directory + (rule.allow() ? "/devices.allow" : "/devices.deny");
      for (String text : texts(rule)) {
        limits.add(write(file, text, why));
      }
    }
  }

  private void deviceFilter(List<Spec.DeviceRule> rules) {
    for (Hierarchy h : hierarchies) {
      // bpf(2) is root's: an ordinary user's containers use the devices that the user may use.
      if (h.unified() && !facts.rootless() && !DeviceProgram.allowsEverything(rules)) {
        limits.add(new CgroupStep.DeviceFilter(h.mountPoint() + path, rules, cause("devices")));
      }
    }
  }

  /** "a" means every access to everything, whatever stands behind it: less needs two rules. */
  static List<String> texts(Spec.DeviceRule rule) {
    boolean anyType = rule.type().isEmpty() || rule.type().equals("a");
    boolean anyNumber = rule.major().isEmpty() && rule.minor().isEmpty();
    String access = rule.access().isEmpty() ? "rwm" : rule.access();
    if (anyType && anyNumber && access.equals("rwm")) {
      return List.of("a");
    }
    String rest = " " + number(rule.major()) + ":" + number(rule.minor()) + " " + access;
    return anyType ? List.of("b" + rest, "c" + rest) : List.of(rule.type() + rest);
  }

  private static String number(OptionalLong number) {
    return number.isPresent() ? Long.toString(number.getAsLong()) : "*";
  }

  // ---- helpers ----------------------------------------------------------------------------------

  private static boolean isLimit(OptionalLong value) {
    return value.isPresent() && value.getAsLong() >= 0;
  }

  private String cause(String key) {
    return causes.of("resource:" + key);
  }

  private void limit(String key, String controller, String v1, String v2, long value)
      throws IOException {
    Hierarchy h = require(controller, key);
    limit(key, h, h.unified() ? v2 : v1, Long.toString(value));
  }

  private void limit(String key, Hierarchy h, String file, String value) {
    if (h.unified()) {
      enabled.add(file.substring(0, file.indexOf('.')));
    }
    String target = h.mountPoint() + path + "/" + file;
    limits.add(new CgroupStep.Write(target, value, true, cause(key)));
  }

  private Optional<Hierarchy> find(String controller) {
    for (Hierarchy h : hierarchies) {
      if (h.controllers().contains(controller)) {
        return Optional.of(h);
      }
    }
    return Optional.empty();
  }

  private Hierarchy require(String controller, String key) throws IOException {
    Optional<Hierarchy> found = find(controller);
    if (hierarchies.isEmpty() && facts.rootless()) {
      throw new IOException(cause(key) + " needs a cgroup: " + NONE);
    }
    if (found.isEmpty() && facts.rootless()) {
      throw new IOException(
          cause(key)
              + " needs the cgroup controller "
              + controller
              + ", which was not delegated to this user (systemd: Delegate=, in user@.service)");
    }
    if (found.isEmpty()) {
      throw new IOException(
          cause(key)
              + " needs the cgroup controller "
              + controller
              + ", which no mounted hierarchy of this host has:"
              + " mount one that has it, or run without that limit");
    }
    return found.get();
  }
}

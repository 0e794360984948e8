package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.kernel.UserNamespace;
import dev.mydocker.spec.Capability;
import dev.mydocker.spec.Cpus;
import dev.mydocker.spec.ExecProcess;
import dev.mydocker.spec.HostFacts;
import dev.mydocker.spec.HostUser;
import dev.mydocker.spec.Machine;
import dev.mydocker.spec.NetworkOwner;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Rlimit;
import dev.mydocker.spec.Rootless;
import dev.mydocker.spec.Seccomp;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Reads what a configuration depends on from the kernel. */
final class HostProbe {
  private static final long KIBI = 1024;
  private static final int PERMITTED = 1;
  private static final int BOUNDING = 3;
  private static final long USUAL_OPEN_FILES = 1024;
  private static final int UNAME = 6 * 65;

  /** The kernel's version among the strings of uname(2). */
  static final int RELEASE = 2;

  /** The kind of machine among them. */
  static final int MACHINE = 4;

  private final CgroupHost cgroups;
  private final Seccomp.Builtin seccomp;

  HostProbe(CgroupHost cgroups, Seccomp.Builtin seccomp) {
    this.cgroups = cgroups;
    this.seccomp = seccomp;
  }

  /**
   * The facts for a container of that id.
   *
   * @param run its run directory
   * @param privileged whether the host's devices are among them
   * @param chosen the paths of devices that flags name
   * @param volumes where the container's volumes are, by name
   * @param users the ids of its user namespace, when it has one
   * @param network in whose network namespace it lives, when that is another container's
   */
  HostFacts facts(
      String id,
      Path run,
      boolean privileged,
      Set<String> chosen,
      Map<String, String> volumes,
      Optional<UserMaps> users,
      Optional<NetworkOwner> network)
      throws IOException {
    Path files = network.isPresent() ? Path.of(network.get().files()) : run;
    Set<Integer> cpus = onlineCpus();
    Machine machine = machine();
    return new HostFacts(
        id,
        hostname(),
        run.resolve("rootfs").toString(),
        hostsFile(files),
        hostnameFile(files),
        resolvConfFile(files),
        capabilities(),
        hardLimits(),
        openFiles(),
        cpus,
        memory(),
        cgroups.version(),
        cgroups.swapAccounting(),
        // mount_setattr(2) came with it.
        machine.isFrom(5, 12),
        privileged ? devices("/dev") : List.of(),
        chosen(chosen),
        thermalThrottle(cpus),
        hasApparmor(),
        machine,
        seccomp,
        volumes,
        users,
        network,
        rootless());
  }

  /** What an engine in a user namespace can give; empty in the host's. */
  private Optional<Rootless> rootless() throws IOException {
    UserNamespace own = UserNamespace.own();
    if (own.initial()) {
      return Optional.empty();
    }
    UserMaps ids = ids(own);
    long uid = UserMaps.host(ids.uids(), 0).orElse(0);
    long gid = UserMaps.host(ids.gids(), 0).orElse(0);
    HostUser user = HostUser.of(uid, gid, HostProbe::file);
    return Optional.of(new Rootless(ids, own.groups(), !cgroups.isEmpty(), user));
  }

  /** A file of this host, as {@link dev.mydocker.spec.ImageFiles} are read. */
  private static Optional<byte[]> file(String path, int limit) throws IOException {
    try {
      byte[] content = Files.readAllBytes(Path.of(path));
      return content.length > limit ? Optional.empty() : Optional.of(content);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Which ids of the namespace around those of this process's are. */
  static UserMaps ids(UserNamespace own) {
    return new UserMaps(mappings(own.uids()), mappings(own.gids()));
  }

  private static List<Spec.IdMapping> mappings(List<UserNamespace.Range> ranges) {
    List<Spec.IdMapping> out = new ArrayList<>();
    for (UserNamespace.Range r : ranges) {
      out.add(new Spec.IdMapping(r.inside(), r.outside(), r.count()));
    }
    return out;
  }

  /** What is bound at a container's /etc/hosts. */
  static String hostsFile(Path run) {
    return run.resolve("hosts").toString();
  }

  /** What is bound at a container's /etc/hostname. */
  static String hostnameFile(Path run) {
    return run.resolve("hostname").toString();
  }

  /** What is bound at a container's /etc/resolv.conf. */
  static String resolvConfFile(Path run) {
    return run.resolve("resolv.conf").toString();
  }

  /** This host's name. */
  static String hostname() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
  }

  /** The facts for a process that joins a container. */
  static ExecProcess.Engine execFacts() throws IOException {
    long[] files = new long[2];
    KernelException.check(
        Linux.getrlimit(Rlimit.RLIMIT_NOFILE.number(), files), "getrlimit", "RLIMIT_NOFILE");
    return new ExecProcess.Engine(capabilities(), openFiles(), files[1]);
  }

  private static boolean hasApparmor() throws IOException {
    Path enabled = Path.of("/sys/module/apparmor/parameters/enabled");
    return Files.exists(enabled) && Files.readString(enabled).startsWith("Y");
  }

  private static Set<Capability> capabilities() throws KernelException {
    long[] sets = new long[4];
    KernelException.check(Linux.capget(sets), "capget", "this process");
    return Capability.fromMask(sets[PERMITTED] & sets[BOUNDING]);
  }

  private static Map<Rlimit, Long> hardLimits() throws KernelException {
    Map<Rlimit, Long> limits = new EnumMap<>(Rlimit.class);
    long[] value = new long[2];
    for (Rlimit limit : Rlimit.values()) {
      KernelException.check(Linux.getrlimit(limit.number(), value), "getrlimit", limit.name());
      limits.put(limit, value[1]);
    }
    return limits;
  }

  /**
   * A JVM raises its soft limit of open files to the hard one as it starts; what it was before is
   * still its parent's. Empty when they are the same.
   */
  private static OptionalLong openFiles() throws IOException {
    long[] own = new long[2];
    KernelException.check(
        Linux.getrlimit(Rlimit.RLIMIT_NOFILE.number(), own), "getrlimit", "RLIMIT_NOFILE");
    long before = Math.min(USUAL_OPEN_FILES, own[1] < 0 ? USUAL_OPEN_FILES : own[1]);
    Path limits = Path.of("/proc/" + parent() + "/limits");
    if (Files.isReadable(limits)) {
      for (String line : Files.readAllLines(limits)) {
        if (line.startsWith("Max open files")) {
          String soft = line.substring("Max open files".length()).strip().split(" ", 2)[0];
          before = soft.equals("unlimited") ? own[0] : Long.parseLong(soft);
        }
      }
    }
    return Long.compareUnsigned(before, own[0]) < 0
        ? OptionalLong.of(before)
        : OptionalLong.empty();
  }

  /**
   * The fourth field of /proc/PID/stat, proc_pid_stat(5); the second, a name, ends in a bracket.
   */
  private static String parent() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", 3)[1];
  }

  static Set<Integer> onlineCpus() throws IOException {
    String list = Files.readString(Path.of("/sys/devices/system/cpu/online")).strip();
    try {
      return Cpus.parseList(list);
    } catch (OptionException e) {
      throw new IOException("/sys/devices/system/cpu/online: " + e.getMessage(), e);
    }
  }

  /** Bytes of this host's memory. */
  static long memory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        String number = line.substring("MemTotal:".length()).replace("kB", "").strip();
        return Long.parseLong(number) * KIBI;
      }
    }
    throw new IOException("/proc/meminfo has no MemTotal");
  }

  /** This host's architecture and kernel. */
  static Machine machine() throws KernelException {
    String[] parts = uname(RELEASE).split("[.-]", 3);
    return new Machine(
        System.getProperty("os.arch").equals("amd64") ? "amd64" : "arm64",
        Integer.parseInt(parts[0]),
        Integer.parseInt(parts[1]));
  }

  /** Whether file systems can be served here (fuse(4)); opening it loads the module. */
  static boolean hasFuse() throws KernelException {
    byte[] path = "/dev/fuse".getBytes(StandardCharsets.US_ASCII);
    int number = Linux.openat2(Linux.AT_FDCWD, path, Linux.O_RDWR, 0, 0);
    if (number < 0) {
      return false;
    }
    try (Fd fd = Fd.of(number, "open", "/dev/fuse")) {
      Stat stat = Stat.of(fd);
      return stat.rdevMajor() == 10 && stat.rdevMinor() == 229;
    }
  }

  /** One of the strings of uname(2). */
  static String uname(int which) throws KernelException {
    byte[] text = new byte[UNAME];
    int size = KernelException.check(Linux.uname(text), "uname", "this host");
    return new String(text, 0, size, StandardCharsets.US_ASCII).split("\0", -1)[which];
  }

  private static List<String> thermalThrottle(Set<Integer> cpus) {
    List<String> found = new ArrayList<>();
    for (int cpu : cpus) {
      String directory = "/sys/devices/system/cpu/cpu" + cpu + "/thermal_throttle";
      if (Files.isDirectory(Path.of(directory))) {
        found.add(directory);
      }
    }
    return found;
  }

  private static Map<String, List<Spec.Device>> chosen(Set<String> devices) throws IOException {
    Map<String, List<Spec.Device>> found = new HashMap<>();
    for (String device : devices) {
      if (Files.exists(Path.of(device))) {
        found.put(device, devices(device));
      }
    }
    return found;
  }

  /**
   * A device node of this host, or those of a directory, by their names below that path: what is
   * mounted below it, such as devpts and shm in /dev, is left out.
   */
  private static List<Spec.Device> devices(String path) throws IOException {
    List<Spec.Device> found = new ArrayList<>();
    Path real = Path.of(path).toRealPath();
    if (Files.isDirectory(real)) {
      try (Directory directory = Directory.open(real)) {
        collect(directory, path, found);
      }
      return found;
    }
    try (Directory parent = Directory.open(real.getParent())) {
      byte[] name = real.getFileName().toString().getBytes(StandardCharsets.UTF_8);
      add(path, parent.stat(name), found);
    }
    return found;
  }

  private static void collect(Directory directory, String path, List<Spec.Device> found)
      throws KernelException {
    for (Directory.Entry entry : directory.list()) {
      Stat stat = directory.stat(entry.name());
      String name = path + "/" + new String(entry.name(), StandardCharsets.UTF_8);
      if (stat.isDirectory() && stat.mountId() == directory.stat().mountId()) {
        try (Directory below = directory.openDirectory(entry.name(), Directory.Resolve.BENEATH)) {
          collect(below, name, found);
        }
      } else if (!name.equals("/dev/console")) {
        add(name, stat, found);
      }
    }
  }

  /** What is no device is passed over. */
  private static void add(String path, Stat stat, List<Spec.Device> found) {
    boolean character = stat.type() == Linux.S_IFCHR;
    if (character || stat.type() == Linux.S_IFBLK) {
      found.add(
          new Spec.Device(
              path,
              character ? "c" : "b",
              stat.rdevMajor(),
              stat.rdevMinor(),
              OptionalInt.of(stat.mode() & 07777),
              OptionalLong.of(Integer.toUnsignedLong(stat.uid())),
              OptionalLong.of(Integer.toUnsignedLong(stat.gid()))));
    }
  }
}

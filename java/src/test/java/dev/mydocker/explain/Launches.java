package dev.mydocker.explain;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.launch.CgroupEntry;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.SeccompProgram;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/** Launches made by hand, as the tests of this package want them. */
final class Launches {
  static final List<String> OWN = List.of("pid", "mount", "uts", "network", "ipc", "cgroup");

  static final List<String> DEFAULT_CAPABILITIES =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  String id = "0123456789ab";
  List<String> args = List.of("id", "-u");
  List<String> env = List.of("PATH=/usr/bin:/bin", "A=b");
  String cwd = "/work";
  Spec.User user = new Spec.User(0, 0, List.of(), OptionalInt.empty());
  List<String> capabilities = List.of("CAP_CHOWN");
  boolean noNewPrivileges;
  List<Spec.RlimitEntry> rlimits = List.of(new Spec.RlimitEntry("RLIMIT_NOFILE", 512, 1024));
  boolean readOnly;
  String hostname = "box";
  List<Spec.Mount> mounts = new ArrayList<>();
  List<Spec.Namespace> namespaces = new ArrayList<>();
  List<Spec.IdMapping> idMappings = List.of();
  List<Spec.Device> devices = List.of();
  List<String> masked = List.of();
  List<String> protectedPaths = List.of();
  Map<String, String> sysctl = Map.of();
  Map<String, String> causes = Map.of();
  boolean terminal;
  boolean init;
  Optional<SeccompProgram> seccomp = Optional.empty();
  List<ViewFile> view = List.of();
  PlanCompiler.Overlay overlay =
      new PlanCompiler.Overlay(
          "/var/lib/x/layers", List.of("bb", "aa"), "/c/upper", "/c/work", "/run/x/rootfs");
  List<PlanCompiler.CgroupMount> cgroups = List.of();
  Set<String> fileSources = Set.of();
  List<CgroupStep> cgroup = new ArrayList<>();
  List<CgroupEntry> entries = new ArrayList<>();
  Optional<String> unified = Optional.empty();
  List<String> directories = new ArrayList<>();
  Map<String, String> files = new LinkedHashMap<>();

  Launches() {
    for (String type : OWN) {
      namespaces.add(new Spec.Namespace(type, Optional.empty()));
    }
  }

  /** A character device that everybody may use. */
  static Spec.Device device(String path, int major, int minor) {
    return new Spec.Device(
        path, "c", major, minor, OptionalInt.of(0666), OptionalLong.empty(), OptionalLong.empty());
  }

  LaunchScript.Launch launch() {
    Spec.Capabilities sets =
        new Spec.Capabilities(capabilities, capabilities, List.of(), capabilities, List.of());
    Spec.Process process =
        new Spec.Process(
            terminal,
            Optional.empty(),
            user,
            args,
            env,
            cwd,
            Optional.of(sets),
            rlimits,
            noNewPrivileges,
            Optional.empty(),
            OptionalInt.empty());
    Spec.Linux linux =
        new Spec.Linux(
            namespaces,
            idMappings,
            idMappings,
            sysctl,
            Spec.Resources.NONE,
            Optional.empty(),
            devices,
            masked,
            protectedPaths,
            Optional.empty(),
            Optional.empty());
    Spec spec =
        new Spec(
            Spec.VERSION,
            Optional.of(process),
            new Spec.Root(overlay.target(), readOnly),
            Optional.of(hostname),
            Optional.empty(),
            mounts,
            linux,
            Map.of());
    PlanCompiler.Input input =
        new PlanCompiler.Input(
            id,
            spec,
            new Causes(causes),
            overlay,
            terminal ? new Stdio.Terminal(24, 80) : new Stdio.Streams(false),
            entries,
            unified.isPresent(),
            cgroups,
            fileSources,
            Map.of(),
            view,
            false,
            init,
            seccomp);
    return new LaunchScript.Launch(
        input, PlanCompiler.compile(input), cgroup, unified, directories, files);
  }
}

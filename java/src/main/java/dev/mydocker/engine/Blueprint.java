package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.Stat;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A container as it has been decided: everything a launch is compiled from. Making one, and
 * compiling it, touches nothing.
 *
 * @param id the container's id
 * @param compiled its configuration and the reasons for it
 * @param layers the directory of the unpacked layers
 * @param lower the image's layers in it, the uppermost first
 * @param directory where its writable layer is
 * @param run its run directory
 * @param files what is to be written there, by path
 * @param within of each mounted part of a volume, the volume's content
 * @param resolver whether it has a network of which its monitor tells it the names
 * @param cgroups the host's hierarchies
 * @param seccomp filters of system calls
 */
record Blueprint(
    String id,
    CompiledSpec compiled,
    Path layers,
    List<String> lower,
    Path directory,
    Path run,
    Map<String, String> files,
    Map<String, String> within,
    boolean resolver,
    CgroupHost cgroups,
    SeccompFilters seccomp) {

  /**
   * A container as it is on the disk.
   *
   * @param run its run directory
   * @param addresses those in its networks
   */
  static Blueprint of(
      Home home,
      ContainerRecord record,
      CompiledSpec compiled,
      Path run,
      HostFiles.Addresses addresses)
      throws IOException {
    return new Blueprint(
        record.id(),
        compiled,
        home.layers(ContainerFiles.users(compiled.spec().linux())),
        lower(record.layers()),
        home.store().directory(record.id()),
        run,
        files(record, compiled, run, addresses),
        within(compiled.spec(), record.settings().volumes()),
        addresses.named(),
        home.enterable(),
        home.seccomp());
  }

  /** One that lives in another's network has that one's. */
  private static Map<String, String> files(
      ContainerRecord record, CompiledSpec compiled, Path run, HostFiles.Addresses addresses)
      throws IOException {
    return record.settings().network() instanceof NetworkMode.OfContainer
        ? Map.of()
        : HostFiles.of(compiled.spec(), run, record.settings(), addresses);
  }

  /**
   * The image's layers, the uppermost first. Overlayfs takes no directory twice: of a layer that
   * comes again the uppermost counts, which has all that the lower one would show.
   */
  static List<String> lower(List<String> diffIds) {
    Set<String> lower = new LinkedHashSet<>();
    for (int i = diffIds.size() - 1; i >= 0; i--) {
      lower.add(diffIds.get(i).substring(diffIds.get(i).indexOf(':') + 1));
    }
    return List.copyOf(lower);
  }

  /** Of each mounted part of a volume, the volume's content. */
  static Map<String, String> within(Spec spec, List<MountOption.Volume> volumes) {
    Map<String, String> within = new HashMap<>();
    for (MountOption.Volume volume : volumes) {
      for (Spec.Mount mount : spec.mounts()) {
        if (mount.destination().equals(volume.target()) && !volume.subpath().isEmpty()) {
          int content = mount.source().length() - volume.subpath().length() - 1;
          within.put(mount.source(), mount.source().substring(0, content));
        }
      }
    }
    return within;
  }

  Spec spec() {
    return compiled.spec();
  }

  /** Compiles the launch. */
  LaunchScript.Launch launch(Stdio stdio) throws IOException {
    Path upper = directory.resolve("upper");
    Path work = directory.resolve("work");
    List<String> directories = new ArrayList<>();
    addMissing(directory, directories);
    addMissing(run, directories);
    directories.add(upper.toString());
    directories.add(work.toString());
    directories.add(spec().root().path());
    PlanCompiler.Overlay overlay =
        new PlanCompiler.Overlay(
            layers.toString(),
            lowerOf(directories),
            upper.toString(),
            work.toString(),
            spec().root().path());
    Cgroup cgroup = cgroups.at(Leftovers.cgroupPath(id));
    PlanCompiler.Input input =
        new PlanCompiler.Input(
            id,
            spec(),
            compiled.causes(),
            overlay,
            stdio,
            CgroupSlots.entries(cgroup),
            cgroup.unified().isPresent(),
            views(),
            fileSources(),
            within,
            view(),
            resolver,
            Boolean.parseBoolean(spec().annotations().getOrDefault(Spec.INIT, "false")),
            seccomp.program(spec().linux().seccomp()));
    LaunchPlan plan = PlanCompiler.compile(input);
    List<CgroupStep> made =
        cgroups.plan(Leftovers.cgroupPath(id), spec().linux().resources(), compiled.causes());
    return new LaunchScript.Launch(input, plan, made, cgroup.unified(), directories, files);
  }

  /** The files that show its limits; a kernel without swap, for example, has not all of them. */
  private List<ViewFile> view() throws KernelException {
    List<ViewFile> files = new ArrayList<>();
    for (ViewFile file : ViewFile.of(spec())) {
      if (Files.exists(Path.of(file.path()))) {
        files.add(file);
      }
    }
    return files.isEmpty() || HostProbe.hasFuse() ? files : List.of();
  }

  /** An overlay needs a lower layer: an image without any has an empty one. */
  private List<String> lowerOf(List<String> directories) {
    if (!lower.isEmpty()) {
      return lower;
    }
    String empty = directory.resolve("empty").toString();
    directories.add(empty);
    return List.of(empty);
  }

  /** A directory and those of its parents that are not there. */
  private static void addMissing(Path directory, List<String> into) {
    Deque<String> missing = new ArrayDeque<>();
    Path at = directory;
    while (at != null && !Files.isDirectory(at)) {
      missing.push(at.toString());
      at = at.getParent();
    }
    for (String parent : missing) {
      if (!into.contains(parent)) {
        into.add(parent);
      }
    }
  }

  /** Whether there is something at a path in a volume, and it is no directory. */
  private static boolean isFile(Path content, String path) throws IOException {
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    try (Directory volume = Directory.open(content);
        Fd found = volume.open(bytes, Linux.O_PATH, 0, Directory.Resolve.IN_ROOT)) {
      return !Stat.of(found).isDirectory();
    } catch (KernelException e) {
      // What is wrong with it is said by the launch.
      return false;
    }
  }

  private List<PlanCompiler.CgroupMount> views() {
    List<PlanCompiler.CgroupMount> out = new ArrayList<>();
    for (CgroupHost.View view : cgroups.views()) {
      out.add(new PlanCompiler.CgroupMount(view.directory(), view.type(), view.options()));
    }
    return out;
  }

  /** The sources that are files here; those of the run directory are not written yet. */
  private Set<String> fileSources() throws IOException {
    Set<String> out = new HashSet<>(files.keySet());
    for (Spec.Mount mount : spec().mounts()) {
      Optional<String> content = Optional.ofNullable(within.get(mount.source()));
      boolean host = mount.source().startsWith("/") && !files.containsKey(mount.source());
      if (content.isPresent()) {
        if (isFile(Path.of(content.get()), mount.source().substring(content.get().length()))) {
          out.add(mount.source());
        }
      } else if (host && Files.exists(Path.of(mount.source()))) {
        if (!Files.isDirectory(Path.of(mount.source()))) {
          out.add(mount.source());
        }
      }
    }
    return out;
  }
}

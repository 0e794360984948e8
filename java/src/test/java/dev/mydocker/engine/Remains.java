package dev.mydocker.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What containers may leave behind, looked for from outside of the engine: /proc, /sys, its roots.
 */
final class Remains {
  private static final Path PROC = Path.of("/proc");

  private Remains() {}

  /** What is left of containers below these roots: empty when nothing is. */
  static List<String> of(Roots roots) throws IOException {
    List<String> found = new ArrayList<>();
    found.addAll(list(roots.running()));
    for (String path : list(roots.containers())) {
      if (!path.endsWith("/names")) {
        found.add(path);
      }
    }
    found.addAll(list(roots.names()));
    found.addAll(list(roots.volumes()));
    return found;
  }

  /** What is left of one container, wherever it may be: empty when nothing is. */
  static List<String> of(String id, Roots roots) throws IOException {
    List<String> found = new ArrayList<>(cgroups(id));
    found.addAll(mentioning(id, Files.readAllLines(PROC.resolve("self/mountinfo"))));
    for (int pid : processes()) {
      if (commandLine(pid).contains(id)) {
        found.add("process " + pid + " " + commandLine(pid));
      }
    }
    found.addAll(mentioning(id, list(roots.running())));
    found.addAll(mentioning(id, list(roots.containers())));
    for (String name : list(roots.names())) {
      if (name.contains(id) || Files.readString(Path.of(name)).contains(id)) {
        found.add(name);
      }
    }
    return found;
  }

  /** The directories of its cgroup, one per hierarchy. */
  static List<String> cgroups(String id) throws IOException {
    List<String> found = new ArrayList<>();
    for (String hierarchy : list(Path.of("/sys/fs/cgroup"))) {
      Path cgroup = Path.of(hierarchy, "mydocker", id);
      if (Files.exists(cgroup)) {
        found.add(cgroup.toString());
      }
    }
    Path only = Path.of("/sys/fs/cgroup/mydocker", id);
    if (Files.exists(only)) {
      found.add(only.toString());
    }
    return found;
  }

  /** The processes in its cgroup. */
  static List<Integer> members(String id) throws IOException {
    for (String cgroup : cgroups(id)) {
      List<Integer> pids = new ArrayList<>();
      for (String line : lines(Path.of(cgroup, "cgroup.procs"))) {
        pids.add(Integer.parseInt(line));
      }
      if (!pids.isEmpty()) {
        return pids;
      }
    }
    return List.of();
  }

  /** A process's argv, with spaces between; empty when it is gone. */
  static String commandLine(int pid) {
    try {
      byte[] text = Files.readAllBytes(PROC.resolve(pid + "/cmdline"));
      return new String(text, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * What this process holds of the kernel: its descriptors by kind, its children, alive or not, and
   * its mounts, each with how many there are.
   */
  static Map<String, Integer> held() throws IOException {
    Map<String, Integer> held = new TreeMap<>();
    for (String fd : list(PROC.resolve("self/fd"))) {
      held.merge("fd " + target(fd).replaceAll("[0-9]+", "N"), 1, Integer::sum);
    }
    held.remove("fd "); // the listing's own
    String self = PROC.resolve("self").toRealPath().getFileName().toString();
    for (int pid : processes()) {
      for (String line : lines(PROC.resolve(pid + "/status"))) {
        if (line.equals("PPid:\t" + self)) {
          held.merge("child", 1, Integer::sum);
        }
      }
    }
    held.put("mounts", Files.readAllLines(PROC.resolve("self/mountinfo")).size());
    return held;
  }

  private static String target(String link) throws IOException {
    try {
      return Files.readSymbolicLink(Path.of(link)).toString();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  static List<Integer> processes() throws IOException {
    List<Integer> pids = new ArrayList<>();
    for (String path : list(PROC)) {
      String name = path.substring(path.lastIndexOf('/') + 1);
      if (name.chars().allMatch(Character::isDigit)) {
        pids.add(Integer.parseInt(name));
      }
    }
    return pids;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  private static List<String> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(Path::toString).sorted().toList();
    }
  }

  private static List<String> mentioning(String id, List<String> lines) {
    return lines.stream().filter(line -> line.contains(id)).toList();
  }
}

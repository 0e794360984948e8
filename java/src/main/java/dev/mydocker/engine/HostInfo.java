package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.image.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What an engine runs on.
 *
 * @param name the host's
 * @param kernel its version
 * @param system the distribution, as its os-release(5) words it
 * @param machine what uname(2) calls it: {@code x86_64}
 * @param cpus how many there are
 * @param memory bytes
 * @param cgroupVersion 1 (hybrid included) or 2
 * @param cgroups whether containers have any
 * @param root where images and containers are kept
 * @param warnings what cannot be done here, or is damaged
 */
public record HostInfo(
    String name,
    String kernel,
    String system,
    String machine,
    int cpus,
    long memory,
    int cgroupVersion,
    boolean cgroups,
    Path root,
    List<String> warnings) {
  private static final String PRETTY = "PRETTY_NAME=";

  static HostInfo of(Home home, Images images) throws IOException {
    CgroupHost cgroups = home.cgroups();
    List<String> warnings = new ArrayList<>();
    for (String controller : List.of("memory", "cpu", "cpuset", "pids")) {
      if (!cgroups.hasController(controller)) {
        warnings.add("No " + controller + " limit support");
      }
    }
    if (!cgroups.swapAccounting()) {
      warnings.add("No swap limit support");
    }
    images.local().damage().ifPresent(warnings::add);
    return new HostInfo(
        HostProbe.hostname(),
        HostProbe.uname(HostProbe.RELEASE),
        distribution(),
        HostProbe.uname(HostProbe.MACHINE),
        HostProbe.onlineCpus().size(),
        HostProbe.memory(),
        cgroups.version(),
        !cgroups.isEmpty(),
        home.roots().state(),
        warnings);
  }

  private static String distribution() throws IOException {
    for (Path file : List.of(Path.of("/etc/os-release"), Path.of("/usr/lib/os-release"))) {
      for (String line : Files.isReadable(file) ? Files.readAllLines(file) : List.<String>of()) {
        if (line.startsWith(PRETTY)) {
          return line.substring(PRETTY.length()).replace("\"", "");
        }
      }
    }
    return "Linux";
  }
}

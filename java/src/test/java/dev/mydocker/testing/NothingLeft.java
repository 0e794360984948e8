package dev.mydocker.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.kernel.Directory;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a class of tests whose containers have left something on this host: a run directory, a
 * cgroup, a process, a mount, an open file. What other engines on this machine do does not matter.
 */
public final class NothingLeft implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private List<String> descriptors = List.of();

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    TestEngine engine = TestEngine.shared();
    try {
      // The first launch loads the library and keeps the monitor's image open.
      engine.sh("", "true");
    } catch (OptionException e) {
      throw new IllegalStateException(e);
    }
    descriptors = openFiles();
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    assertThat(children(TestEngine.shared().runRoot().resolve("containers")))
        .as("run directories")
        .isEmpty();
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    TestEngine engine = TestEngine.shared();
    assertThat(cgroups(engine.ids())).as("cgroups").isEmpty();
    assertThat(processes(engine)).as("processes").isEmpty();
    assertThat(mounts(engine)).as("mounts").isEmpty();
    assertThat(openFiles()).as("open files").isEqualTo(descriptors);
    forget(engine);
  }

  /** Containers without {@code --rm} have a record and a layer: they go here. */
  private static void forget(TestEngine engine) throws IOException {
    Path containers = engine.root().resolve("containers");
    try (Directory all = Directory.open(engine.root())) {
      if (Files.exists(containers)) {
        all.removeTree("containers".getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  private static List<String> cgroups(Set<String> ids) throws IOException {
    List<String> found = new ArrayList<>();
    List<Path> parents = new ArrayList<>(List.of(Path.of("/sys/fs/cgroup/mydocker")));
    for (String controller : children(Path.of("/sys/fs/cgroup"))) {
      parents.add(Path.of("/sys/fs/cgroup", controller, "mydocker"));
    }
    for (Path parent : parents) {
      children(parent).stream().filter(ids::contains).forEach(id -> found.add(parent + "/" + id));
    }
    return found;
  }

  /** Monitors of our containers, and everything that has a file of our roots open. */
  private static List<String> processes(TestEngine engine) throws IOException {
    List<String> found = new ArrayList<>();
    String own = Long.toString(ProcessHandle.current().pid());
    for (String pid : children(Path.of("/proc"))) {
      if (!Character.isDigit(pid.charAt(0)) || pid.equals(own)) {
        continue;
      }
      try {
        String line = Files.readString(Path.of("/proc", pid, "cmdline")).replace('\0', ' ');
        boolean ours = engine.ids().stream().anyMatch(line::contains);
        if (ours || hasOpen(pid, engine.runRoot().getParent())) {
          found.add(pid + " " + line);
        }
      } catch (IOException gone) {
        continue;
      }
    }
    return found;
  }

  private static boolean hasOpen(String pid, Path root) throws IOException {
    Path descriptors = Path.of("/proc", pid, "fd");
    for (String fd : children(descriptors)) {
      if (Files.readSymbolicLink(descriptors.resolve(fd)).startsWith(root)) {
        return true;
      }
    }
    return false;
  }

  private static List<String> mounts(TestEngine engine) throws IOException {
    String root = engine.root().getParent().toString();
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.contains(root))
        .toList();
  }

  /** What kinds of files this process has open that the JVM itself does not open or close. */
  private static List<String> openFiles() throws IOException {
    List<String> found = new ArrayList<>();
    Optional<String> attached = attachSocket();
    for (String fd : children(Path.of("/proc/self/fd"))) {
      try {
        String file = Files.readSymbolicLink(Path.of("/proc/self/fd", fd)).toString();
        boolean jvms =
            file.endsWith(".jar")
                || file.endsWith(".class")
                || file.endsWith("/fd")
                || attached.isPresent() && file.equals(attached.get())
                || file.startsWith("/sys/fs/cgroup/") && !file.contains("/mydocker/");
        if (!jvms) {
          found.add(file.replaceAll("[0-9]+", "N"));
        }
      } catch (IOException gone) {
        continue;
      }
    }
    found.sort(null);
    return found;
  }

  /**
   * The socket at which a JVM listens from when somebody has looked at it (jstack, jcmd): until it
   * ends, whichever test that was in.
   */
  private static Optional<String> attachSocket() throws IOException {
    // HotSpot renames it once it is bound; the kernel goes on telling the first name.
    String end = "/\\.java_pid" + ProcessHandle.current().pid() + "(\\.tmp)?";
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"), ISO_8859_1)) {
      return sockets
          .filter(line -> line.matches(".*" + end))
          .map(line -> "socket:[" + line.trim().split(" +")[6] + "]")
          .findFirst();
    }
  }

  /** Names in a directory, sorted; none when it is not there. */
  static Set<String> children(Path directory) throws IOException {
    Set<String> names = new TreeSet<>();
    if (Files.isDirectory(directory)) {
      try (Stream<Path> all = Files.list(directory)) {
        all.forEach(path -> names.add(path.getFileName().toString()));
      }
    }
    return names;
  }
}

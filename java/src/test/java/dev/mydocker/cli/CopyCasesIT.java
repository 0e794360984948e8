package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.image.RawTar;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.Races;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile trees and tars, and cp, diff, export, commit and rm: cases CP of the security tests. */
@ExtendWith(NothingLeft.class)
class CopyCasesIT {
  private static final TestEngine ENGINE = TestEngine.shared();

  /** How often a race is run. */
  private static final int TRIES = Races.tries(40);

  /** What is in a file of this host, and in no other. */
  private static final String SECRET = "a host's own 3c9f1e";

  @TempDir Path here;

  private final CommandLine mydocker = new CommandLine(ENGINE.root(), ENGINE.runRoot());
  private Path victim;
  private List<Object> before;

  /** A directory of this host beside where things are copied to, and how it is. */
  @BeforeEach
  void makeVictim() throws IOException {
    victim = Files.createDirectory(here.resolve("victim"));
    Files.writeString(victim.resolve("hello"), SECRET);
    Files.createDirectory(victim.resolve("d"));
    before = victim();
  }

  @AfterEach
  void theVictimIsAsItWas() throws IOException {
    assertThat(victim()).isEqualTo(before);
    mydocker.clear();
    mydocker.good("volume", "prune", "-a", "-f");
  }

  /** All that is known of the victim but the times of its last use. */
  private List<Object> victim() throws IOException {
    List<Object> known = new ArrayList<>();
    try (Directory directory = Directory.open(victim)) {
      known.add(directory.stat());
      for (Directory.Entry entry : directory.list()) {
        known.add(latin(entry.name()));
        known.add(directory.stat(entry.name()));
      }
    }
    known.add(Files.readString(victim.resolve("hello")));
    return known;
  }

  private static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private String path(String name) {
    return here + "/" + name;
  }

  private static Path content(String volume) {
    return ENGINE.root().resolve("volumes").resolve(volume).resolve("_data");
  }

  /** A container that does not run; its id. */
  private String created(String... arguments) {
    List<String> line = new ArrayList<>(List.of("create"));
    line.addAll(List.of(arguments));
    return mydocker.good(line.toArray(String[]::new));
  }

  private String running(String name, String script, String... flags) {
    List<String> line = new ArrayList<>(List.of("--name", name));
    line.addAll(List.of(flags));
    line.addAll(List.of(CommandLine.BUSYBOX, "sh", "-c", script));
    String id = created(line.toArray(String[]::new));
    mydocker.good("start", name);
    mydocker.awaitFile(id, "ready");
    return id;
  }

  private static <T> T racing(Path directory, String one, String other, Callable<T> work)
      throws Exception {
    return racing(directory, Map.of(one, other), work);
  }

  /** Exchanges pairs of names of a directory, one of them a link, until the work is done. */
  private static <T> T racing(Path directory, Map<String, String> pairs, Callable<T> work)
      throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Thread racer =
        new Thread(
            () -> {
              try (Directory in = Directory.open(directory)) {
                while (!done.get()) {
                  for (Map.Entry<String, String> pair : pairs.entrySet()) {
                    in.rename(
                        bytes(pair.getKey()), in, bytes(pair.getValue()), Linux.RENAME_EXCHANGE);
                  }
                }
              } catch (KernelException e) {
                throw new IllegalStateException(e);
              }
            });
    racer.start();
    try {
      return work.call();
    } finally {
      done.set(true);
      racer.join();
    }
  }

  /** Sees a mount that should be nowhere, as long as it is open. */
  private final class Mounts implements AutoCloseable {
    private final Set<String> seen = new TreeSet<>();
    private final AtomicBoolean done = new AtomicBoolean();
    private final Thread watcher = new Thread(this::watch);

    private Mounts() {
      watcher.start();
    }

    private void watch() {
      while (!done.get()) {
        try {
          Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
              .filter(line -> line.contains(victim.toString()) || line.contains("_data"))
              .forEach(seen::add);
        } catch (IOException e) {
          seen.add(e.getMessage());
        }
      }
    }

    @Override
    public void close() throws InterruptedException {
      done.set(true);
      watcher.join();
      assertThat(seen).isEmpty();
    }
  }

  /**
   * The second volume's target is in the first one, where somebody exchanges it with a link to the
   * victim: there a mount may come where the container has that path too, or nothing.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void CP02_CP03_aTargetThatIsExchangedLeadsNowhereElse(boolean there) throws Exception {
    created("--name", "cc", "-v", "outer:/v", "-v", "inner:/v/w/d", CommandLine.BUSYBOX);
    if (there) {
      Path tree = Files.createDirectories(here.resolve("tree" + victim + "/d"));
      assertThat(tree).isDirectory();
      mydocker.good("cp", path("tree/."), "cc:/");
    }
    Files.writeString(content("inner").resolve("f"), "own");
    Files.createDirectories(content("outer").resolve("w"));
    Files.createSymbolicLink(content("outer").resolve("link"), victim);
    Files.writeString(here.resolve("f"), "planted");
    try (Mounts none = new Mounts()) {
      int read =
          racing(
              content("outer"),
              "w",
              "link",
              () -> {
                int good = 0;
                for (int i = 0; i < TRIES; i++) {
                  CommandLine.Result out = mydocker.run("cp", "cc:/v/w/d/f", "-");
                  assertThat(out.out()).doesNotContain(SECRET);
                  good += out.code() == 0 ? 1 : 0;
                  mydocker.run("cp", path("f"), "cc:/v/w/d/planted");
                }
                return good;
              });
      assertThat(read).isPositive();
    }
    assertThat(victim.resolve("d")).isEmptyDirectory();
  }

  @Test
  void CP02_aMountOnAPartOfThisHostIsSeenInTheContainerOnly() throws Exception {
    Path shared = Files.createDirectories(here.resolve("shared/d")).getParent();
    byte[] at = bytes(shared.toString());
    KernelException.check(Linux.mount(at, at, bytes(""), 4096, bytes("")), "mount", "shared");
    try {
      // MS_SHARED: what is mounted on a copy of it would be seen here.
      int n = Linux.mount(bytes(""), at, bytes(""), 1 << 20, bytes(""));
      KernelException.check(n, "mount", "shared");
      created("--name", "cc", "-v", shared + ":/s", "-v", "data:/s/d", CommandLine.BUSYBOX);
      Files.writeString(here.resolve("f"), "volume's");
      try (Mounts none = new Mounts()) {
        mydocker.good("cp", path("f"), "cc:/s/d/f");
        assertThat(mydocker.good("cp", "cc:/s/d/f", "-")).contains("volume's");
      }
      assertThat(shared.resolve("d")).isEmptyDirectory();
      assertThat(content("data").resolve("f")).hasContent("volume's");
    } finally {
      Linux.umount2(at, 0);
    }
  }

  /** A volume's part is what another container may have made of it. */
  @Test
  void aPartOfAVolumeIsMountedForCopiesAndLeadsNowhereElse() throws Exception {
    mydocker.good("volume", "create", "data");
    Path part = Files.createDirectory(content("data").resolve("part"));
    created(
        "--name",
        "cc",
        "--mount",
        "type=volume,src=data,dst=/d,volume-subpath=part",
        CommandLine.BUSYBOX);
    mydocker.good("cp", "cc:/etc/passwd", path("f"));
    mydocker.good("cp", path("f"), "cc:/d/f");
    assertThat(part.resolve("f")).exists();
    Files.delete(part.resolve("f"));
    Files.delete(part);
    Files.createSymbolicLink(part, victim);
    assertThat(mydocker.bad("cp", path("f"), "cc:/d/f")).contains("start it first");
  }

  /** What an older kernel answers to the calls for mounts beneath what is attached nowhere. */
  @ParameterizedTest
  @ValueSource(strings = {"move_mount:error=EINVAL", "mount_setattr:error=ENOSYS"})
  void onAnOlderKernelAMountIsNotTakenForWhatItCovers(String answer) throws Exception {
    created("--name", "cc", "--read-only", "-v", "data:/home", CommandLine.BUSYBOX);
    String inject = "exec strace -f -qq -o /dev/null -e inject=" + answer + " \"$@\"";
    Cli.Result inside = Cli.under(inject, "cp", "cc:/home", "-");
    assertThat(inside.err()).contains("is mounted while it runs only: start it first");
    Cli.Result beside = Cli.under(inject, "cp", "cc:/etc/passwd", "-");
    assertThat(beside.code()).as(beside.err()).isZero();
    assertThat(beside.out()).contains("root:");
  }

  private static final String VICTIM = "VICTIM";

  static List<RawTar> hostileTars() {
    return List.of(
        new RawTar().file("../victim/f", "planted"),
        new RawTar().file("d/../../victim/f", "planted"),
        new RawTar().symlink("l", "../victim").file("l/f", "planted"),
        new RawTar().symlink("l", "/" + VICTIM).file("l/f", "planted"),
        new RawTar().symlink("l", "../victim").directory("l").file("l/f", "planted"),
        new RawTar().symlink("l", "../victim/hello").file("l", "planted"),
        new RawTar().hardlink("h", "../victim/hello").file("h", "planted"),
        new RawTar().symlink("l", "../victim").hardlink("h", "l/hello").file("h", "planted"),
        new RawTar().symlink("l", "../victim").entry("l/null", '3', ""));
  }

  /** Into a container's bind mount, beside which the victim lies: running and not. */
  @ParameterizedTest
  @MethodSource("hostileTars")
  void CP08_aTarLeadsNowhereElse(RawTar hostile) throws Exception {
    Path target = Files.createDirectory(here.resolve("target"));
    String flag = target + ":/t";
    running("run", "echo >/ready; exec sleep 1000", "-v", flag);
    created("--name", "rest", "-v", flag, CommandLine.BUSYBOX);
    byte[] tar =
        latin(hostile.end())
            .replace("/" + VICTIM, "../../..")
            .getBytes(StandardCharsets.ISO_8859_1);
    for (String container : List.of("run", "rest")) {
      CommandLine.Result result = mydocker.run(tar, "cp", "-", container + ":/t");
      assertThat(result.err().lines()).hasSize(result.code() == 0 ? 0 : 1);
      assertThat(victim()).isEqualTo(before);
      assertThat(mydocker.run("cp", container + ":/t", "-").out()).doesNotContain(SECRET);
    }
  }

  /** What a first copy has left on this host misleads no second one. */
  @Test
  void CP08_CP10_aContainersLinksLeadNoCopyToThisHostsFiles() throws Exception {
    String links = "ln -s " + victim + " /t/d; ln -s " + victim + "/hello /t/f";
    running("links", "mkdir /t; " + links + "; echo >/ready; exec sleep 1000");
    running(
        "files",
        "mkdir -p /t/d; echo planted >/t/f; chown 12:34 /t/f /t/d; chmod 4777 /t/f /t/d;"
            + " echo planted >/t/d/hello; echo >/ready; exec sleep 1000");
    mydocker.good("cp", "links:/t", path("out"));
    assertThat(mydocker.bad("cp", "-a", "files:/t/.", path("out")))
        .contains("something else of that name is there");
    mydocker.good("cp", "-a", "files:/t/f", path("out"));
    assertThat(here.resolve("out/f")).isRegularFile().hasContent("planted\n");
    assertThat(Files.getAttribute(here.resolve("out/f"), "unix:mode")).isEqualTo(0104777);
    mydocker.good("cp", "-a", "links:/t/f", path("out/f"));
    assertThat(Files.isSymbolicLink(here.resolve("out/f"))).isTrue();
  }

  @Test
  void CP08_aContainerThatExchangesADirectoryPlantsNothing() throws Exception {
    running(
        "racer",
        "mkdir -p /t/x; echo planted >/t/x/f; ln -s "
            + victim
            + " /t/l; echo >/ready; while :; do mv -T /t/x /t/y; mv -T /t/l /t/x; mv -T /t/x /t/l;"
            + " mv -T /t/y /t/x; done");
    int copied = 0;
    for (int i = 0; i < TRIES; i++) {
      copied += mydocker.run("cp", "racer:/t/.", here + "/").code() == 0 ? 1 : 0;
      for (String name : List.of("x", "y", "l", "t")) {
        try (Directory top = Directory.open(here)) {
          top.removeTree(bytes(name));
        }
      }
    }
    assertThat(copied).isPositive();
  }

  @Test
  void CP10_oddModesAndOwnersAreNeverThoseOfThisHostsFiles() throws Exception {
    Path target = Files.createDirectory(here.resolve("target"));
    created("--name", "cc", "-v", target + ":/t", CommandLine.BUSYBOX);
    RawTar tar =
        new RawTar()
            .symlink("l", "../victim/hello")
            .hardlink("h", "l")
            .entry("h", '2', "", RawTar.Field.MODE.octal(07777), RawTar.Field.UID.octal(12))
            .entry("fifo", '6', "", RawTar.Field.MODE.octal(07777), RawTar.Field.UID.octal(12));
    mydocker.run(tar.end(), "cp", "-", "cc:/t");
    RawTar over =
        new RawTar()
            .entry("l", '0', "", RawTar.Field.MODE.octal(07777), RawTar.Field.UID.octal(12))
            .entry("fifo", '2', "", h -> {});
    assertThat(mydocker.run(over.end(), "cp", "-", "cc:/t").code()).isLessThan(2);
    assertThat(Files.getAttribute(target.resolve("l"), "unix:mode")).isEqualTo(0107777);
    assertThat(Files.getAttribute(target.resolve("l"), "unix:uid")).isEqualTo(12);
  }

  private static final int NAMES = 32;

  /** Each copy of the volume is a try for each of the names in it that are exchanged with links. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void CP15_aVolumeThatChangesGivesNothingOfThisHost(boolean runs) throws Exception {
    String script = "ln -s " + victim + "/hello /l; echo own >/f; echo >/ready; ";
    String swap = "while :; do mv -T /f /t; mv -T /l /f; mv -T /f /l; mv -T /t /f; done";
    if (runs) {
      running("cc", script + swap, "-v", "data:/d");
    } else {
      created("--name", "cc", "-v", "data:/d", CommandLine.BUSYBOX);
    }
    Map<String, String> files = new HashMap<>();
    Map<String, String> directories = new HashMap<>();
    for (int i = 0; i < NAMES; i++) {
      files.put("f" + i, "l" + i);
      directories.put("x" + i, "y" + i);
      Files.writeString(content("data").resolve("f" + i), "own");
      Files.createSymbolicLink(content("data").resolve("l" + i), victim.resolve("hello"));
      Files.createDirectory(content("data").resolve("x" + i));
      Files.writeString(content("data").resolve("x" + i + "/hello"), "own");
      Files.createSymbolicLink(content("data").resolve("y" + i), victim);
    }
    int exported =
        racing(
            content("data"),
            files,
            () -> racing(content("data"), directories, () -> copyAndExport(TRIES)));
    assertThat(exported).isPositive();
  }

  /** How many exports were whole. */
  private int copyAndExport(int tries) {
    int good = 0;
    for (int i = 0; i * 2 * NAMES < tries; i++) {
      int n = i % NAMES;
      for (String path : List.of("cc:/d", "cc:/d/f" + n, "cc:/d/x" + n + "/hello", "cc:/d/x" + n)) {
        assertThat(mydocker.run("cp", "-L", path, "-").out()).doesNotContain(SECRET);
      }
      CommandLine.Result export = mydocker.run("export", "cc");
      assertThat(export.out().contains(SECRET)).isFalse();
      good += export.code() == 0 ? 1 : 0;
    }
    return good;
  }

  // ---- deep and odd trees -----------------------------------------------------------------------

  /** Directories in each other; gives the last one, and how they are called. */
  private static String deep(Directory top, String name, int levels) throws IOException {
    StringBuilder path = new StringBuilder();
    Directory at = top;
    for (int i = 0; i < levels; i++) {
      at.mkdir(bytes(name), 0755);
      Directory next = at.openDirectory(bytes(name), Directory.Resolve.BENEATH);
      if (at != top) {
        at.close();
      }
      at = next;
      path.append(i == 0 ? "" : "/").append(name);
    }
    try (Fd file = at.create(bytes("end"))) {
      file.output().write(bytes("deep"));
    }
    at.close();
    return path.toString();
  }

  private static boolean holdsEnd(Directory top, String path) throws IOException {
    try (Directory last = top.openDirectory(bytes(path), Directory.Resolve.BENEATH)) {
      return latin(last.read(bytes("end"), Directory.Resolve.BENEATH, 9)).equals("deep");
    }
  }

  private Path upper(String id) {
    return mydocker.home(id).resolve("upper");
  }

  @ParameterizedTest
  @ValueSource(strings = {"d", "long"})
  void CP19_aTreeDeeperThanAnyPath(String kind) throws Exception {
    String name = kind.equals("d") ? "d" : "n".repeat(255);
    int levels = kind.equals("d") ? 3000 : 20;
    String id = created("--name", "deep", CommandLine.BUSYBOX);
    assertThat(mydocker.good("cp", "deep:/etc", path("etc"))).isEmpty();
    String whole;
    try (Directory top = Directory.open(upper(id))) {
      whole = deep(top, name, levels);
    }
    assertThat(whole.length()).isGreaterThan(4096);
    assertThat(mydocker.good("diff", "deep").lines())
        .hasSize(levels + 1)
        .contains("A /" + name, "A /" + whole + "/end");
    mydocker.good("export", "-o", path("deep.tar"), "deep");
    assertThat(listed(here.resolve("deep.tar"))).contains(whole + "/end");
    assertThat(mydocker.bad("commit", "deep", "cases:deep")).contains("fits in no layer");
    try {
      mydocker.good("cp", "deep:/" + name, path("out"));
      mydocker.good("cp", path("out"), "deep:/in");
      String rest = whole.substring(whole.indexOf('/') + 1);
      for (Path copy : List.of(here.resolve("out"), upper(id).resolve("in"))) {
        try (Directory top = Directory.open(copy)) {
          assertThat(holdsEnd(top, rest)).isTrue();
        }
      }
    } finally {
      // The end of the test would walk it by paths.
      try (Directory top = Directory.open(here)) {
        top.removeTree(bytes("out"));
      }
    }
    mydocker.good("rm", "deep");
    assertThat(mydocker.home(id)).doesNotExist();
  }

  private static List<String> listed(Path tar) throws Exception {
    Process list = new ProcessBuilder("tar", "-t", "-f", tar.toString()).start();
    List<String> names =
        new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    assertThat(list.waitFor()).isZero();
    return names;
  }

  @Test
  void CP19_manyFilesAndOddNames() throws Exception {
    int many = 50_000;
    List<String> odd =
        List.of("\u00ff\u00fe", "caf\u00e9", "a\nb", "-rf", " ", "*", "...", "a\\b", "\u0001", "~");
    String id = created("--name", "many", CommandLine.BUSYBOX);
    mydocker.good("cp", "many:/etc", path("etc"));
    Set<String> names = new TreeSet<>(odd);
    try (Directory top = Directory.open(upper(id))) {
      top.mkdir(bytes("m"), 0755);
      try (Directory in = top.openDirectory(bytes("m"), Directory.Resolve.BENEATH)) {
        for (int i = 0; i < many; i++) {
          names.add("f" + i);
        }
        for (String name : names) {
          in.create(bytes(name)).close();
        }
      }
    }
    assertThat(mydocker.good("diff", "many").lines()).hasSizeGreaterThan(many);
    mydocker.good("export", "-o", path("m.tar"), "many");
    assertThat(listed(here.resolve("m.tar")).stream().filter(name -> name.startsWith("m/f")))
        .hasSize(many);
    mydocker.good("commit", "many", "cases:many");
    mydocker.good("cp", "many:/m", path("m"));
    mydocker.good("cp", path("m"), "many:/again");
    for (Path copy : List.of(here.resolve("m"), upper(id).resolve("again"))) {
      Set<String> found = new TreeSet<>();
      try (Directory top = Directory.open(copy)) {
        top.list().forEach(entry -> found.add(latin(entry.name())));
        assertThat(top.stat(bytes("a\nb")).type()).isEqualTo(Linux.S_IFREG);
      }
      assertThat(found).isEqualTo(names);
    }
    try (Directory top = Directory.open(here)) {
      top.removeTree(bytes("m"));
    }
    mydocker.good("rm", "many");
    mydocker.good("rmi", "cases:many");
    assertThat(mydocker.home(id)).doesNotExist();
  }
}

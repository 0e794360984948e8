package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.cli.RunLine;
import dev.mydocker.image.PullListener;
import dev.mydocker.spec.Capability;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.Races;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A default container is no looser than docs/isolation.md says, found from inside. */
@ExtendWith(NothingLeft.class)
class IsolationIT {
  private static final Path TABLE = Path.of("docs/isolation.md");
  private static final Pattern VALUE = Pattern.compile("`([^`]+)`");
  private static final Map<String, Set<String>> ALLOWED = new LinkedHashMap<>();

  private final TestEngine engine = TestEngine.shared();

  @BeforeAll
  static void readTable() throws IOException {
    for (String line : Files.readAllLines(TABLE)) {
      String[] cells = line.split(" *\\| *", -1);
      if (cells.length == 5) {
        ALLOWED.put(cells[1], new TreeSet<>(values(cells[2])));
      }
    }
    assertThat(ALLOWED).hasSizeGreaterThan(10);
  }

  private static List<String> values(String cell) {
    List<String> out = new ArrayList<>();
    Matcher matcher = VALUE.matcher(cell);
    while (matcher.find()) {
      out.add(matcher.group(1));
    }
    return out;
  }

  private static void requireNoMoreThan(String row, Iterable<String> found) {
    assertThat(ALLOWED).containsKey(row);
    assertThat(ALLOWED.get(row)).as(row).containsAll(found);
  }

  private Map<String, String> status() throws Exception {
    Map<String, String> out = new LinkedHashMap<>();
    for (String line : engine.sh("", "cat /proc/self/status").lines()) {
      out.put(line.split(":")[0], line.substring(line.indexOf(':') + 1).strip());
    }
    return out;
  }

  @Test
  void namespacesAreNoMoreSharedThanTheTableSays() throws Exception {
    List<String> shared = new ArrayList<>();
    for (String line :
        engine.sh("", "cd /proc/self/ns; for n in *; do echo $n $(readlink $n); done").lines()) {
      String[] words = line.split(" ");
      Path hosts = Path.of("/proc/self/ns", words[0]);
      if (!words[0].endsWith("_for_children")
          && Files.readSymbolicLink(hosts).toString().equals(words[1])) {
        shared.add(words[0]);
      }
    }
    requireNoMoreThan("namespaces shared with the host", shared);
  }

  private static List<String> capabilities(String mask) {
    List<String> names = new ArrayList<>();
    long bits = Long.parseUnsignedLong(mask, 16);
    for (Capability capability : Capability.values()) {
      if ((bits >> capability.ordinal() & 1) == 1) {
        names.add(capability.name().substring("CAP_".length()));
      }
    }
    return names;
  }

  @Test
  void privilegesAreNoMoreThanTheTableSays() throws Exception {
    Map<String, String> status = status();
    for (String set : List.of("CapBnd", "CapPrm", "CapEff")) {
      requireNoMoreThan("capabilities, bounding", capabilities(status.get(set)));
    }
    for (String set : List.of("CapInh", "CapAmb")) {
      requireNoMoreThan("capabilities, inheritable and ambient", capabilities(status.get(set)));
    }
    requireNoMoreThan("no_new_privs", List.of(status.get("NoNewPrivs")));
    requireNoMoreThan("seccomp mode", List.of(status.get("Seccomp")));
  }

  @Test
  void noMoreOfTheKernelsFilesIsWritableThanTheTableSays() throws Exception {
    String script =
        "find /proc /sys -type f -perm /222 ! -path '/proc/[0-9]*' 2>/dev/null | while read f; do"
            + " { true >>$f; } 2>/dev/null && echo $f; done; echo ====;"
            + " find /proc /sys -type d ! -path '/proc/[0-9]*' 2>/dev/null | while read d; do"
            + " mkdir $d/made-here 2>/dev/null && echo $d; done; true";
    String[] found = engine.sh("", script).out().split("====\n");
    requireNoMoreThan("writable files of /proc and /sys", found[0].lines().toList());
    requireNoMoreThan(
        "directories of /proc and /sys in which something is made",
        found.length > 1 ? found[1].lines().toList() : List.of());
  }

  @Test
  void noMoreDevicesOpenThanTheTableSays() throws Exception {
    List<String> tried = new ArrayList<>();
    for (int minor = 1; minor <= 11; minor++) {
      tried.add("c 1 " + minor);
    }
    for (String other :
        List.of("c 4 0", "c 4 64", "c 5 0", "c 5 1", "c 7 0", "c 10 60", "c 10 134", "c 10 200")) {
      tried.add(other);
    }
    tried.addAll(List.of("c 10 229", "c 10 232", "c 10 237", "c 29 0", "c 188 0", "c 226 0"));
    tried.addAll(List.of("b 7 0", "b 8 0", "b 9 0", "b 253 0", "b 254 0", "b 259 0"));
    String script =
        "for d in "
            + String.join(" ", tried.stream().map(d -> d.replace(' ', ':')).toList())
            + "; do rm -f /n; mknod /n $(echo $d | tr : ' ') && { true <>/n; } 2>/e; grep -q"
            + " 'not permitted' /e || echo $d; done; echo ====; find /dev -type c -o -type b";
    String[] found = engine.sh("", script).out().split("====\n");
    requireNoMoreThan("devices that open when a node is made", found[0].lines().toList());
    requireNoMoreThan("device nodes", found[1].lines().toList());
  }

  @Test
  void noMoreSystemCallsReachTheKernelThanTheTableSays() throws Exception {
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    Map<String, String> calls = new LinkedHashMap<>();
    calls.put("272,0x10000000", "unshare");
    calls.put("165", "mount");
    calls.put("308,-1", "setns");
    calls.put("321,99", "bpf");
    calls.put("298", "perf_event_open");
    calls.put("323,99", "userfaultfd");
    calls.put("250,99", "keyctl");
    calls.put("248", "add_key");
    calls.put("246,0,99", "kexec_load");
    calls.put("175", "init_module");
    calls.put("313,-1", "finit_module");
    calls.put("176", "delete_module");
    calls.put("304,-1", "open_by_handle_at");
    calls.put("425,1", "io_uring_setup");
    calls.put("435", "clone3");
    calls.put("438,-1", "pidfd_getfd");
    calls.put("103,2", "syslog");
    calls.put("163,1", "acct");
    calls.put("164", "settimeofday");
    calls.put("167", "swapon");
    calls.put("169", "reboot");
    calls.put("172,9", "iopl");
    calls.put("179", "quotactl");
    calls.put("135,0x40000", "personality");
    calls.put("41,40,1", "AF_VSOCK");
    calls.put("41,38,5", "AF_ALG");
    calls.put("101,99", "ptrace");
    calls.put("310,-1", "process_vm_readv");
    calls.put("161", "chroot");
    calls.put("133", "mknod");
    Path probe = Path.of("build/probe").toAbsolutePath();
    List<String> reached = new ArrayList<>();
    for (String line :
        engine
            .sh("-v=" + probe + ":/p:ro", "/p/probe " + String.join(" ", calls.keySet()))
            .lines()) {
      String[] words = line.split(" ");
      if (!words[1].equals("1") && !words[1].equals("38")) {
        reached.add(calls.get(words[0]));
      }
    }
    requireNoMoreThan("system calls that reach the kernel", reached);
    assertThat(reached).contains("chroot", "mknod");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--read-only"})
  void RT30_whatIsHiddenHasOneMountAndDirectoriesOneFileSystem(String flags) throws Exception {
    List<String> points = new ArrayList<>();
    Set<String> empty = new TreeSet<>();
    for (String line : engine.sh(flags, "cat /proc/self/mountinfo").lines()) {
      String[] words = line.split(" ");
      if (words[4].matches("/(proc|sys)/.*") && !words[4].startsWith("/sys/fs/cgroup")) {
        points.add(words[4]);
        if (line.contains(" - tmpfs ") && line.contains("size=4k")) {
          assertThat(words[5]).startsWith("ro");
          empty.add(words[2]);
        }
      }
    }
    assertThat(points).doesNotHaveDuplicates().contains("/proc/keys", "/sys/firmware");
    assertThat(empty).hasSize(1);
  }

  /** A configuration of somebody else's: twice, a path and what is in it, and hundreds of them. */
  @Test
  void RT30_manyPathsAndPathsWithinPathsAreHidden() throws Exception {
    TestEngine.Result made = engine.sh("", "cat /proc/self/mountinfo | wc -l");
    RunLine line = RunLine.parse(List.of(TestEngine.BUSYBOX, "sh", "-c", MANY));
    Container container = engine.engine().create(line.request(), PullListener.NONE);
    container.leave();
    Path config = engine.root().resolve("containers").resolve(container.id() + "/config.json");
    StringBuilder more =
        new StringBuilder("\"maskedPaths\":[\"/proc/keys\",\"/etc\",\"/etc/passwd\",");
    for (int i = 0; i < 500; i++) {
      more.append("\"/many/").append(i).append("\",\"/many/").append(i).append("/below\",");
    }
    assertThat(Integer.parseInt(made.line())).isLessThan(60);
    String text = Files.readString(config).replace("\"maskedPaths\":[", more);
    assertThat(text).contains("/many/499");
    Files.writeString(config, text);
    Path upper = engine.root().resolve("containers").resolve(container.id()).resolve("upper");
    for (int i = 0; i < 500; i++) {
      Files.createDirectories(upper.resolve("many/" + i + "/below"));
    }
    Container again = engine.engine().find(container.id());
    ProcessResult result;
    try (Running running = again.start(again.stdio())) {
      result = ProcessResult.of(running);
    }
    again.remove(true);
    assertThat(result.out()).isEqualTo("500 1 0 0\n");
  }

  /** Mounts of the five hundred; file systems of them; what is in them; what is in /etc. */
  private static final String MANY =
      "m() { grep ' /many/[0-9]* ' /proc/self/mountinfo; };"
          + " echo $(m | wc -l) $(m | cut -d' ' -f3 | sort -u | wc -l)"
          + " $(ls /many/0 /many/499 | grep -c below) $(ls -A /etc | wc -l)";

  // ---- attacks ----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"", "--cgroupns=host"})
  void RT20_cgroupsAreSeenButNotWritten(String flags) throws Exception {
    String script =
        "grep ' /sys/fs/cgroup' /proc/self/mounts | cut -d' ' -f4 | cut -d, -f1 | sort -u;"
            + " find /sys/fs/cgroup -type d | while read d; do mkdir $d/made-here 2>/dev/null"
            + " && echo made in $d; done; true";
    assertThat(engine.sh(flags, script).lines()).containsExactly("ro");
    if (flags.isEmpty()) {
      assertThat(engine.sh(flags, "cut -d: -f3 /proc/self/cgroup | sort -u").lines())
          .containsExactly("/");
    }
  }

  /** A new one would show what is hidden: the kernel gives none while something is. */
  @Test
  void RT31_noBareProcOfANestedNamespace() throws Exception {
    String script =
        "unshare -r -m -p -f sh -c 'mount -t proc none /proc && echo mounted; echo $?' 2>&1";
    TestEngine.Result result = engine.sh("--security-opt seccomp=unconfined", script);
    assertThat(result.lines()).doesNotContain("mounted");
    assertThat(result.out()).contains("ermission denied");
  }

  /**
   * CVE-2016-9962: who may trace looks at each process that comes, while it still is of the engine
   * by its name, with nothing but what the shell does itself. With that capability it sees the
   * memory of the static monitor, but no root, directory or descriptor of the host; without it
   * nothing at all. CVE-2019-5736: meanwhile the host looks at what such a process has mapped.
   */
  @ParameterizedTest
  @CsvSource({
    "'', mem maps environ auxv fd/3 fd/4 root/proc cwd/proc exe",
    "--cap-add SYS_PTRACE, fd/3 fd/4 root/SECRET cwd/SECRET",
  })
  void RT02_RT08_whoJoinsHasNothingOfTheHostToLookAt(String flags, String files) throws Exception {
    Path secret = Files.createTempFile(Path.of("/tmp"), "isolation", "");
    try {
      join(flags, files.replace("/SECRET", secret.toString()));
    } finally {
      Files.delete(secret);
    }
  }

  private void join(String flags, String files) throws Exception {
    String script =
        "echo up; while [ ! -e /stop ]; do for p in /proc/[0-9]*; do"
            + " { read c <$p/comm; } 2>/dev/null || continue;"
            + " case $c in mydocker:*) ;; *) continue;; esac;"
            + " for f in "
            + files
            + "; do"
            + " if { command exec 9<$p/$f; } 2>/dev/null; then"
            // What it opens for want of an input is the container's own.
            + " [ /proc/self/fd/9 -ef /dev/null ] && continue;"
            + " { read c <$p/comm; } 2>/dev/null || continue;"
            + " case $c in mydocker:*) echo leak $p/$f; ls -l /proc/self/fd/9;; esac; fi; done;"
            + " echo seen; done; done";
    Set<String> mapped = ConcurrentHashMap.newKeySet();
    AtomicBoolean over = new AtomicBoolean();
    try (TestContainer container = engine.startSh(flags, script).await("up")) {
      Container at = engine.engine().find(container.id());
      Thread host = new Thread(() -> look(at, mapped, over));
      host.start();
      try {
        joinOften(container);
      } finally {
        over.set(true);
      }
      host.join();
      engine.execSh(container, "touch /stop");
      container.end();
      assertThat(container.out()).contains("seen").doesNotContain("leak");
    }
    assertThat(mapped).isNotEmpty().allMatch(file -> file.startsWith("/memfd:mydocker-"));
  }

  /** By several at once, as who looks has the most to look at then. */
  private void joinOften(TestContainer container) throws Exception {
    ExecutorService some = Executors.newFixedThreadPool(JOINERS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < JOINERS; i++) {
        all.add(
            some.submit(
                () -> {
                  for (int n = 0; n < Races.tries(100) / JOINERS; n++) {
                    engine.exec(container, ExecOptions.of(List.of("true")));
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      some.shutdown();
    }
  }

  private static final int JOINERS = 4;

  /** The files that processes of the engine have mapped in the container's cgroup. */
  private static void look(Container container, Set<String> mapped, AtomicBoolean over) {
    while (!over.get()) {
      try {
        for (int pid : container.processes()) {
          Path process = Path.of("/proc", Integer.toString(pid));
          if (!Files.readString(process.resolve("comm")).startsWith("mydocker:")) {
            continue;
          }
          List<String> maps = Files.readAllLines(process.resolve("maps"));
          if (Files.readString(process.resolve("comm")).startsWith("mydocker:")) {
            maps.stream()
                .filter(line -> line.contains("/"))
                .map(l -> l.substring(l.indexOf('/')))
                .forEach(mapped::add);
          }
        }
      } catch (IOException gone) {
        // It has ended, or is another one.
      }
    }
  }

  /** Native and small: one thread, and next to no memory. */
  @Test
  void JVM13_monitorIsNoJvm() throws Exception {
    try (TestContainer container = engine.startSh("-m 64m", "echo up; sleep 60").await("up")) {
      String stat = Files.readString(Path.of("/proc/" + container.pid() + "/stat"));
      String monitor = stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1];
      Path process = Path.of("/proc", monitor);
      assertThat(Files.readAllLines(process.resolve("status"))).contains("Threads:\t1");
      String memory =
          Files.readAllLines(process.resolve("smaps_rollup")).stream()
              .filter(line -> line.startsWith("Pss:"))
              .findFirst()
              .orElseThrow();
      assertThat(Integer.parseInt(memory.replaceAll("[^0-9]", ""))).isLessThan(1024);
      assertThat(Files.readString(process.resolve("oom_score_adj")))
          .isEqualTo(Files.readString(Path.of("/proc/self/oom_score_adj")));
    }
  }
}

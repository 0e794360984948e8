package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.launch.LaunchException;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.UserSpec;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * System calls from inside, tried by number with build/probe/probe. What each profile answers to
 * which call is the table of SeccompCompilerTest; here it is seen that filters are there.
 */
@ExtendWith(NothingLeft.class)
class SeccompIT {
  private static final Path PROBE = Path.of("build/probe").toAbsolutePath();
  private static final String MOUNT = "-v=" + PROBE + ":/p:ro";
  private static final int EPERM = 1;
  private static final int EFAULT = 14;
  private static final int ENOSYS = 38;
  private static final int SIGSYS = 31;

  /** Calls by their numbers on x86-64, and what the filter makes of them. */
  private static final Map<String, Integer> REFUSED = new LinkedHashMap<>();

  /** Calls that are left to the kernel, whatever it says. */
  private static final List<String> LEFT =
      List.of(
          "41,37,5",
          "41,39,1",
          "41,41,2",
          "41,2,1",
          "135,0",
          "135,0xffffffff",
          "56,0x11",
          "101,99",
          "303,-1",
          "206,0",
          "447,0",
          "452,-1",
          "x32:39");

  @TempDir static Path directory;

  private final TestEngine engine = TestEngine.shared();

  static {
    // SC04, SC06: clone3; the mount calls, old and new; namespaces
    REFUSED.put("435", ENOSYS);
    REFUSED.put("435,1,88", ENOSYS);
    for (int number : new int[] {165, 166, 155, 428, 429, 430, 431, 432, 433, 442, 308, 272, 467}) {
      REFUSED.put(Integer.toString(number), EPERM);
    }
    // RT21
    REFUSED.put("272,0x10000000", EPERM);
    REFUSED.put("56,0x10000011", EPERM);
    REFUSED.put("56,0x04000011", EPERM);
    // SC07, SC08; the kernel reads 32 bits of a family
    for (String call : List.of("425", "426", "427", "41,38,5", "41,40,1", "41,0x100000028,1")) {
      REFUSED.put(call, EPERM);
    }
    // SC09
    for (String call : List.of("600", "1000", "0x3fffffff")) {
      REFUSED.put(call, ENOSYS);
    }
    // SC10, SC11
    REFUSED.put("163", EPERM);
    REFUSED.put("135,0x40000", EPERM);
    // SC12: keys, bpf, perf, userfaultfd, kexec, quotactl, syslog, process_madvise, pidfd_getfd
    for (int number :
        new int[] {248, 249, 250, 321, 298, 323, 246, 320, 179, 103, 440, 438, 304, 312, 169}) {
      REFUSED.put(Integer.toString(number), EPERM);
    }
    // SC01: mount, unshare, io_uring_setup of x32
    for (String call : List.of("x32:165", "x32:272", "x32:425")) {
      REFUSED.put(call, EPERM);
    }
  }

  @BeforeAll
  static void numbersAreThoseOfX86() {
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
  }

  private static List<String> probe(Iterable<String> calls) {
    List<String> command = new ArrayList<>(List.of("/p/probe"));
    calls.forEach(command::add);
    return command;
  }

  /** What came of each call. */
  private static Map<String, Integer> verdicts(TestEngine.Result result) {
    assertThat(result.code()).as(result.err()).isZero();
    Map<String, Integer> verdicts = new LinkedHashMap<>();
    for (String line : result.lines()) {
      verdicts.put(line.split(" ")[0], Integer.valueOf(line.split(" ")[1]));
    }
    return verdicts;
  }

  private Map<String, Integer> run(String flags, Iterable<String> calls) throws Exception {
    List<String> line = new ArrayList<>(List.of("--rm", MOUNT));
    Arrays.stream(flags.split(" ")).filter(word -> !word.isEmpty()).forEach(line::add);
    line.add(TestEngine.BUSYBOX);
    line.addAll(probe(calls));
    return verdicts(engine.run(line.toArray(String[]::new)));
  }

  private int one(String flags, String call) throws Exception {
    return run(flags, List.of(call)).get(call);
  }

  private Map<String, Integer> exec(TestContainer in, Optional<UserSpec> user, boolean privileged)
      throws Exception {
    List<String> command = probe(REFUSED.keySet());
    return verdicts(
        engine.exec(
            in, new ExecOptions(command, List.of(), Optional.empty(), user, false, privileged)));
  }

  private TestContainer box(String... flags) throws Exception {
    List<String> line = new ArrayList<>(List.of("--rm", MOUNT));
    line.addAll(List.of(flags));
    line.addAll(List.of(TestEngine.BUSYBOX, "sh", "-c", "echo up; sleep 600"));
    return engine.start(line.toArray(String[]::new)).await("up");
  }

  // ---- the engine's own profile -----------------------------------------------------------------

  @Test
  void SC06_SC12_callsOfAContainerAreThoseOfTheProfile() throws Exception {
    assertThat(run("", REFUSED.keySet())).isEqualTo(REFUSED);
    assertThat(run("", LEFT)).isEqualTo(run("--security-opt=seccomp=unconfined", LEFT));
    assertThat(run("--security-opt=seccomp=builtin --privileged", List.of("425", "250")))
        .containsValues(EPERM);
  }

  @Test
  void SC13_theSameThroughEveryEntry() throws Exception {
    String check = String.join(" ", probe(REFUSED.keySet()));
    try (TestContainer box = box("--health-interval=1h", "--health-cmd", check)) {
      assertThat(exec(box, Optional.empty(), false)).isEqualTo(REFUSED);
      assertThat(exec(box, Optional.of(UserSpec.parse("1000")), false)).isEqualTo(REFUSED);
      // As with Docker: its filter is the container's, whatever its capabilities are.
      assertThat(exec(box, Optional.empty(), true)).isEqualTo(REFUSED);
      engine.engine().checkHealth(box.id(), System.nanoTime());
      List<Health.Check> log = engine.engine().find(box.id()).info().health().orElseThrow().log();
      StringBuilder expected = new StringBuilder();
      REFUSED.forEach(
          (call, errno) -> expected.append(call).append(' ').append(errno).append('\n'));
      assertThat(log.get(0).output()).isEqualTo(expected.toString());
    }
  }

  @Test
  void SC13_theSameAfterARestart() throws Exception {
    Container container = engine.engine().run(CreateRequest.of(TestEngine.BUSYBOX, "sleep", "600"));
    try {
      String status = "grep ^Seccomp /proc/self/status";
      String first = container.execute("sh", "-c", status).out();
      assertThat(first).isEqualTo("Seccomp:\t2\nSeccomp_filters:\t1\n");
      container.restart(Optional.empty(), OptionalInt.of(0));
      assertThat(container.execute("sh", "-c", status).out()).isEqualTo(first);
      assertThat(container.execute("unshare", "-U", "true").exit().code()).isNotZero();
    } finally {
      container.remove(true);
    }
  }

  @Test
  void RT18_SC16_firstProcessAndThoseThatJoinHaveOneFilterAndOneThread() throws Exception {
    String look = "grep -hE '^(Seccomp|Threads)' /proc/1/status /proc/self/status";
    try (TestContainer box = box()) {
      String both = "Threads:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
      assertThat(engine.execSh(box, look).out()).isEqualTo(both + both);
    }
    try (TestContainer box = box("--security-opt", "seccomp=unconfined")) {
      String both = "Threads:\t1\nSeccomp:\t0\nSeccomp_filters:\t0\n";
      assertThat(engine.execSh(box, look).out()).isEqualTo(both + both);
    }
    try (TestContainer box = box("--init", "-u", "1000")) {
      assertThat(engine.execSh(box, "grep -h ^Seccomp: /proc/[12]/status").out())
          .isEqualTo("Seccomp:\t2\nSeccomp:\t2\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', 1",
    "--cap-add=SYS_ADMIN, 0",
    "--security-opt=seccomp=unconfined, 0",
    "--privileged, 0",
  })
  void RT21_userNamespacesFromInside(String flags, int errno) throws Exception {
    assertThat(one(flags, "272,0x10000000")).isEqualTo(errno);
    assertThat(one(flags, "56,0x10000011")).isEqualTo(errno);
    boolean free = errno == 0;
    assertThat(one(flags, "435,1,88")).isEqualTo(free ? EFAULT : ENOSYS);
  }

  /** acct(2) of an address that is none: the capability is asked for before it. */
  @ParameterizedTest
  @CsvSource({
    "'', 1",
    "--cap-add=SYS_ADMIN, 1",
    "--cap-add=SYS_PACCT, 14",
    "--cap-drop=ALL --cap-add=SYS_PACCT, 14",
  })
  void SC10_acct(String flags, int errno) throws Exception {
    assertThat(one(flags, "163,1")).isEqualTo(errno);
  }

  @ParameterizedTest
  @CsvSource({
    "SYS_ADMIN, '56,0x04000011'",
    "BPF, '321,99'",
    "PERFMON, '298,1'",
    "SYSLOG, '103,10'",
    "SYS_PTRACE, '440,-1'",
    "SYS_PTRACE, '438,-1'",
    "SYS_PTRACE, '312,1,1,9'",
    "DAC_READ_SEARCH, '304,-1'",
    "SYS_ADMIN, '179,0xffffff'",
  })
  void SC12_callsOpenWithTheirCapability(String capability, String call) throws Exception {
    assertThat(one("", call)).isEqualTo(EPERM);
    assertThat(one("--cap-add=" + capability, call)).isNotEqualTo(EPERM).isNotEqualTo(ENOSYS);
  }

  /** Where the kernel runs programs of 32 bits. */
  @Test
  void SC01_SC02_theSameThroughInterrupt80() throws Exception {
    Process here = new ProcessBuilder(PROBE.resolve("probe").toString(), "32:20").start();
    assumeThat(here.waitFor()).as("this kernel has no 32-bit entry").isZero();
    Map<String, Integer> refused = new LinkedHashMap<>();
    for (int number : new int[] {21, 52, 310, 346, 288, 128, 88, 87, 51, 357, 425, 342}) {
      refused.put("32:" + number, EPERM);
    }
    refused.put("32:435", ENOSYS);
    refused.put("32:600", ENOSYS);
    assertThat(run("", refused.keySet())).isEqualTo(refused);
    // The known limit: a filter does not see what socketcall is asked for.
    assertThat(run("", List.of("32:20", "32:102,1,0")))
        .containsEntry("32:20", 0)
        .containsEntry("32:102,1,0", EFAULT);
  }

  @Test
  void SC04_threadsAreMade() throws Exception {
    assertThat(one("", "thread")).isZero();
    assertThat(one("--cap-add=SYS_ADMIN", "thread")).isZero();
  }

  // ---- other profiles ---------------------------------------------------------------------------

  private static Path profile(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text.replace('\'', '"'));
  }

  private static String flag(Path profile) {
    return "--security-opt=seccomp=" + profile;
  }

  @Test
  void SC14_ownProfileHoldsForTheContainerAndWhatJoins() throws Exception {
    Path profile =
        profile(
            "mkdir",
            "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['mkdir','mkdirat','no_such'],"
                + "'action':'SCMP_ACT_ERRNO','errnoRet':28}]}");
    assertThat(engine.sh(flag(profile), "mkdir /x").err()).contains("No space left on device");
    try (TestContainer box = box(flag(profile))) {
      assertThat(engine.execSh(box, "mkdir /x").err()).contains("No space left on device");
      assertThat(engine.execSh(box, "touch /x").code()).isZero();
      Files.delete(profile);
      assertThat(engine.execSh(box, "mkdir /y").err()).contains("No space left on device");
    }
  }

  /** The engine's own, read from its file, is the same profile. */
  @Test
  void SC14_theEnginesProfileIsAProfileOfAFile() throws Exception {
    Path own = Path.of("java/src/main/resources/seccomp/default.json").toAbsolutePath();
    assertThat(run(flag(own), REFUSED.keySet())).isEqualTo(REFUSED);
  }

  /** What the launch itself does is not under the filter: but execve nothing has to be allowed. */
  @Test
  void SC14_profileNeedsNothingForTheLaunchButExecve() throws Exception {
    Path strict =
        profile(
            "strict",
            "{'defaultAction':'SCMP_ACT_KILL_PROCESS','syscalls':[{'names':['execve','exit_group',"
                + "'brk','arch_prctl','set_tid_address','set_robust_list','rseq','prlimit64',"
                + "'readlinkat','readlink','getrandom','mprotect','newfstatat','fstat','write',"
                + "'getpid','ioctl','mmap'],'action':'SCMP_ACT_ALLOW'}]}");
    for (String user : List.of("", " -u 1000")) {
      assertThat(run(flag(strict) + user, List.of("39"))).containsEntry("39", 0);
    }
    TestEngine.Result killed =
        engine.run("--rm", MOUNT, flag(strict), TestEngine.BUSYBOX, "/p/probe", "110");
    assertThat(killed.code()).isEqualTo(128 + SIGSYS);
  }

  @Test
  void SC14_profileThatForbidsExecveOrEvenTheEnd() throws Exception {
    Path nothing = profile("nothing", "{'defaultAction':'SCMP_ACT_ERRNO'}");
    assertThatThrownBy(() -> engine.sh(flag(nothing), "true"))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("EPERM")
        .extracting(e -> ((LaunchException) e).exitCode())
        .isEqualTo(126);
    Path deadly = profile("deadly", "{'defaultAction':'SCMP_ACT_KILL_PROCESS'}");
    assertThat(engine.sh(flag(deadly), "true").code()).isEqualTo(128 + SIGSYS);
  }

  /** No container starts, or is left, without the filter that was asked for. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'defaultAction':'SCMP_ACT_PARDON'} | there is no action \"SCMP_ACT_PARDON\"",
        "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['read'],'name':'write',"
            + "'action':'SCMP_ACT_ALLOW'}]} | \"name\" and \"names\" are both given",
      })
  void SC14_nothingStartsWithoutTheFilterThatWasAskedFor(String text, String message)
      throws Exception {
    Path profile = profile("wrong", text);
    int before = engine.engine().containers().size();
    assertThatThrownBy(() -> engine.sh(flag(profile), "true"))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(message);
    assertThat(engine.engine().containers()).hasSize(before);
  }

  @Test
  void SC14_tooLargeAProfileIsRefusedWhenTheContainerIsMade() throws Exception {
    StringBuilder rules = new StringBuilder();
    for (int i = 0; i < 4000; i++) {
      rules.append(i == 0 ? "" : ",");
      rules.append("{'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':");
      rules.append(i).append(",'op':'SCMP_CMP_EQ'},{'index':1,'value':7,'op':'SCMP_CMP_EQ'}]}");
    }
    Path large = profile("large", "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[" + rules + "]}");
    int before = engine.engine().containers().size();
    assertThatThrownBy(() -> engine.sh(flag(large), "true"))
        .hasMessageContaining("instructions, and the kernel takes 4096");
    assertThat(engine.engine().containers()).hasSize(before);
  }

  @Test
  void damagedFilterThatWasKeptIsMadeAnew() throws Exception {
    assertThat(one("", "425")).isEqualTo(EPERM);
    Path kept = engine.root().resolve("seccomp");
    try (var files = Files.list(kept)) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
      }
    }
    assertThat(one("", "425")).isEqualTo(EPERM);
    assertThat(run("", REFUSED.keySet())).isEqualTo(REFUSED);
  }
}

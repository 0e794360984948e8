package dev.mydocker.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.SeccompFilter;
import dev.mydocker.spec.Machine;
import dev.mydocker.spec.SeccompReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What filters answer, call by call: those of the engine's own profile, and of profiles made here.
 */
class SeccompCompilerTest {
  private static final Machine MACHINE = new Machine("amd64", 6, 18);
  private static final String EPERM = "errno 1";
  private static final String ENOSYS = "errno 38";

  private static final List<String> DEFAULTS =
      List.of(
          ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID"
                  + " CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SYS_CHROOT CAP_MKNOD"
                  + " CAP_AUDIT_WRITE CAP_SETFCAP")
              .split(" "));

  private static final Map<List<String>, FilterMachine> MADE = new HashMap<>();

  @BeforeAll
  static void onThisArchitecture() {
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
  }

  /** The engine's profile for Docker's capabilities and, separated by blanks, some more. */
  private static FilterMachine builtin(String added) throws IOException {
    List<String> capabilities = new ArrayList<>(DEFAULTS);
    if (added != null) {
      for (String one : added.split(" ")) {
        capabilities.add("CAP_" + one);
      }
    }
    FilterMachine known = MADE.get(capabilities);
    if (known == null) {
      known =
          FilterMachine.of(SeccompCompiler.compile(SeccompReader.builtin(MACHINE, capabilities)));
      MADE.put(capabilities, known);
    }
    return known;
  }

  private static FilterMachine custom(String profile) throws IOException {
    Json.Obj json = Json.parseObject(profile.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    return FilterMachine.of(SeccompCompiler.compile(SeccompReader.read(json, MACHINE, DEFAULTS)));
  }

  private static int number(int architecture, String call) {
    return SeccompFilter.resolve(architecture, call);
  }

  private static String native64(FilterMachine filter, String call, long... arguments) {
    return filter.verdict(FilterMachine.X86_64, number(FilterMachine.X86_64, call), arguments);
  }

  // ---- the engine's own profile -----------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {
        "read",
        "openat",
        "execve",
        "execveat",
        "exit_group",
        "futex",
        "mmap",
        "seccomp",
        "prctl",
        "capset",
        "setresuid",
        "setgroups",
        "close_range",
        "ptrace",
        "process_vm_readv",
        "chroot",
        "landlock_create_ruleset",
        "name_to_handle_at",
        "memfd_secret",
        "uname",
        "arch_prctl",
        "modify_ldt",
        "socketpair",
        "io_submit",
        "fanotify_mark"
      })
  void usualCallsAreAllowed(String call) throws IOException {
    assertThat(native64(builtin(null), call)).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(builtin("SYS_ADMIN"), call)).isEqualTo(FilterMachine.ALLOWED);
  }

  @ParameterizedTest
  @CsvSource({
    // SC06, RT21: mounts and namespaces
    "mount,SYS_ADMIN",
    "umount2,SYS_ADMIN",
    "open_tree,SYS_ADMIN",
    "move_mount,SYS_ADMIN",
    "fsopen,SYS_ADMIN",
    "fsconfig,SYS_ADMIN",
    "fsmount,SYS_ADMIN",
    "fspick,SYS_ADMIN",
    "mount_setattr,SYS_ADMIN",
    "setns,SYS_ADMIN",
    "unshare,SYS_ADMIN",
    "sethostname,SYS_ADMIN",
    "quotactl,SYS_ADMIN",
    "fanotify_init,SYS_ADMIN",
    // SC10, SC12: each opens with its capability
    "acct,SYS_PACCT",
    "bpf,BPF",
    "bpf,SYS_ADMIN",
    "perf_event_open,PERFMON",
    "syslog,SYSLOG",
    "process_madvise,SYS_PTRACE",
    "pidfd_getfd,SYS_PTRACE",
    "kcmp,SYS_PTRACE",
    "open_by_handle_at,DAC_READ_SEARCH",
    "reboot,SYS_BOOT",
    "init_module,SYS_MODULE",
    "finit_module,SYS_MODULE",
    "delete_module,SYS_MODULE",
    "iopl,SYS_RAWIO",
    "ioperm,SYS_RAWIO",
    "settimeofday,SYS_TIME",
    "clock_settime,SYS_TIME",
    "vhangup,SYS_TTY_CONFIG",
    "mbind,SYS_NICE",
    "set_mempolicy,SYS_NICE",
  })
  void SC10_callsOfACapability(String call, String capability) throws IOException {
    assertThat(native64(builtin(null), call)).isEqualTo(EPERM);
    assertThat(native64(builtin("NET_ADMIN"), call)).isEqualTo(EPERM);
    assertThat(native64(builtin(capability), call)).isEqualTo(FilterMachine.ALLOWED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "keyctl",
        "add_key",
        "request_key",
        "userfaultfd",
        "kexec_load",
        "kexec_file_load",
        "pivot_root",
        "swapon",
        "swapoff",
        "move_pages",
        "migrate_pages",
        "uselib",
        "ustat",
        "sysfs",
        "_sysctl",
        "create_module"
      })
  void SC07_SC12_refusedWhateverTheCapabilities(String call) throws IOException {
    assertThat(native64(builtin(null), call)).isEqualTo(EPERM);
    assertThat(native64(builtin("SYS_ADMIN SYS_BOOT SYS_MODULE"), call)).isEqualTo(EPERM);
  }

  @Test
  void callsThatTheCapabilityTakenAwayOpened() throws IOException {
    FilterMachine none =
        FilterMachine.of(SeccompCompiler.compile(SeccompReader.builtin(MACHINE, List.of())));
    assertThat(native64(none, "chroot")).isEqualTo(EPERM);
    assertThat(native64(none, "read")).isEqualTo(FilterMachine.ALLOWED);
  }

  @Test
  void SC04_clone3DoesNotExistAndCloneMakesNoNamespace() throws IOException {
    FilterMachine usual = builtin(null);
    assertThat(native64(usual, "clone3")).isEqualTo(ENOSYS);
    assertThat(native64(usual, "clone", 17)).isEqualTo(FilterMachine.ALLOWED);
    long threads = 0x3d0f00;
    assertThat(native64(usual, "clone", threads)).isEqualTo(FilterMachine.ALLOWED);
    for (int bit : new int[] {17, 25, 26, 27, 28, 29, 30}) {
      assertThat(native64(usual, "clone", 17 | 1L << bit)).isEqualTo(EPERM);
    }
    assertThat(native64(builtin("SYS_ADMIN"), "clone3")).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(builtin("SYS_ADMIN"), "clone", 1 << 28)).isEqualTo(FilterMachine.ALLOWED);
  }

  @ParameterizedTest
  @CsvSource({
    "0,allowed",
    "8,allowed",
    "0x20000,allowed",
    "0x20008,allowed",
    "0xffffffff,allowed",
    "0x40000,errno 1",
    "1,errno 1",
    "0x20001,errno 1",
    "0x100000000,errno 1"
  })
  void SC11_personality(String value, String verdict) throws IOException {
    assertThat(native64(builtin(null), "personality", Long.decode(value))).isEqualTo(verdict);
  }

  @Test
  void SC08_socketFamilies() throws IOException {
    FilterMachine filter = builtin("SYS_ADMIN");
    for (int family = 0; family < 64; family++) {
      String expected = family == 38 || family == 40 ? EPERM : FilterMachine.ALLOWED;
      assertThat(native64(filter, "socket", family)).as("%d", family).isEqualTo(expected);
      // The kernel reads an int.
      long high = 1L << 32 | family;
      assertThat(native64(filter, "socket", high)).as("%d", family).isEqualTo(expected);
      assertThat(filter.verdict(FilterMachine.X86, 359, family)).isEqualTo(expected);
    }
    assertThat(native64(filter, "socket", 0x80000028L)).isEqualTo(EPERM);
  }

  /** The known limit: what socketcall(2) is asked for is in memory. */
  @Test
  void SC02_socketcallIsAllowed() throws IOException {
    assertThat(builtin(null).verdict(FilterMachine.X86, 102, 1)).isEqualTo(FilterMachine.ALLOWED);
  }

  @ParameterizedTest
  @CsvSource({
    "21,1", "52,1", "310,1", "346,1", "288,1", "128,1", "88,1", "87,1", "51,1", "357,1", "425,1",
    "342,1", "435,38", "217,1", "166,1"
  })
  void SC01_theSameIsRefusedThroughInterrupt80(int number, int errno) throws IOException {
    assertThat(builtin(null).verdict(FilterMachine.X86, number)).isEqualTo("errno " + errno);
  }

  @ParameterizedTest
  @CsvSource({"1", "3", "4", "11", "20", "119", "122", "403", "173"})
  void SC01_programsOf32BitsRun(int number) throws IOException {
    assertThat(builtin(null).verdict(FilterMachine.X86, number)).isEqualTo(FilterMachine.ALLOWED);
  }

  @Test
  void SC01_x32HasTheSameSetAndOtherArchitecturesNone() throws IOException {
    FilterMachine filter = builtin(null);
    int x32 = 0x4000003e;
    for (String call : List.of("mount", "unshare", "io_uring_setup", "bpf", "ptrace", "execve")) {
      assertThat(filter.verdict(FilterMachine.X86_64, number(x32, call)))
          .as(call)
          .isEqualTo(native64(filter, call));
    }
    assertThat(filter.verdict(0xc00000b7, 0)).isEqualTo("killed");
  }

  /** libseccomp 2.5 does not know the first four; the last ones nobody does. */
  @ParameterizedTest
  @CsvSource({
    "cachestat,451,allowed",
    "fchmodat2,452,allowed",
    "mseal,462,allowed",
    "listmount,458,allowed",
    "lsm_list_modules,461,errno 1",
    "open_tree_attr,467,errno 1",
    "listns,470,errno 1",
    "?,471,errno 38",
    "?,600,errno 38",
    "?,1000,errno 38",
    "?,0x3fffffff,errno 38",
  })
  void SC09_newCallsAndThoseOfTheFuture(String name, String text, String verdict)
      throws IOException {
    int number = Integer.decode(text);
    FilterMachine filter = builtin(null);
    assertThat(filter.verdict(FilterMachine.X86_64, number)).as(name).isEqualTo(verdict);
    assertThat(filter.verdict(FilterMachine.X86, number)).as(name).isEqualTo(verdict);
    if (number < 512 || number > 547) {
      // Between them are calls that x32 has alone.
      String x32 = number == 471 ? EPERM : verdict;
      assertThat(filter.verdict(FilterMachine.X86_64, number | FilterMachine.X32_BIT))
          .isEqualTo(x32);
    }
  }

  // ---- other profiles ---------------------------------------------------------------------------

  @Test
  void denyListLeavesTheRest() throws IOException {
    FilterMachine filter =
        custom(
            "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['chmod','fchmodat2'],"
                + "'action':'SCMP_ACT_ERRNO','errnoRet':5}]}");
    assertThat(native64(filter, "chmod")).isEqualTo("errno 5");
    assertThat(filter.verdict(FilterMachine.X86_64, 452)).isEqualTo("errno 5");
    assertThat(filter.verdict(FilterMachine.X86_64, 600)).isEqualTo(FilterMachine.ALLOWED);
  }

  @Test
  void SC14_unknownNamesAreSkipped() throws IOException {
    FilterMachine filter =
        custom(
            "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['no_such_call','getpid'],"
                + "'action':'SCMP_ACT_ALLOW'}]}");
    assertThat(native64(filter, "getpid")).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(filter, "getppid")).isEqualTo(ENOSYS);
    assertThat(native64(filter, "read")).isEqualTo(EPERM);
  }

  /** As with runc: of conditions about one argument any is enough. */
  @Test
  void conditionsOfOneArgumentAreAlternativesOthersAreJoined() throws IOException {
    String rule =
        "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['kill'],'args':[%s],"
            + "'action':'SCMP_ACT_ALLOW'}]}";
    String one = "{'index':0,'value':7,'op':'SCMP_CMP_EQ'}";
    FilterMachine either =
        custom(String.format(rule, one + ",{'index':0,'value':9,'op':'SCMP_CMP_EQ'}"));
    assertThat(native64(either, "kill", 7)).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(either, "kill", 9)).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(either, "kill", 8)).isEqualTo(EPERM);
    FilterMachine both =
        custom(String.format(rule, one + ",{'index':1,'value':2,'op':'SCMP_CMP_GE'}"));
    assertThat(native64(both, "kill", 7, 2)).isEqualTo(FilterMachine.ALLOWED);
    assertThat(native64(both, "kill", 7, 1)).isEqualTo(EPERM);
    assertThat(native64(both, "kill", 8, 3)).isEqualTo(EPERM);
  }

  @Test
  void SC14_fiveThousandRules() throws IOException {
    StringBuilder rules = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      rules.append(i == 0 ? "" : ",").append("{'names':['read'],'action':'SCMP_ACT_ALLOW'}");
    }
    FilterMachine same = custom("{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[" + rules + "]}");
    assertThat(same.size()).isLessThan(50);
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 4000; i++) {
      many.append(i == 0 ? "" : ",")
          .append("{'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':")
          .append(i)
          .append(",'op':'SCMP_CMP_EQ'},{'index':1,'value':7,'op':'SCMP_CMP_EQ'}]}");
    }
    assertThatThrownBy(() -> custom("{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[" + many + "]}"))
        .hasMessageMatching(
            "the seccomp profile makes a filter of \\d+ instructions, and the"
                + " kernel takes 4096");
  }

  @Test
  void whatIsKeptIsTheSame() throws IOException {
    SeccompProgram made = SeccompCompiler.compile(SeccompReader.builtin(MACHINE, DEFAULTS));
    assertThat(SeccompProgram.of(made.toBytes()).toBytes()).isEqualTo(made.toBytes());
  }
}

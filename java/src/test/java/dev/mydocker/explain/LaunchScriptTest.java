package dev.mydocker.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.launch.Arg;
import dev.mydocker.launch.CgroupEntry;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.Op;
import dev.mydocker.launch.SeccompProgram;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Step;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.spec.Spec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a launch script says, without running it. */
class LaunchScriptTest {
  private static final String HOSTILE = "a'b\"c $(id) `id`\n; exit 9 #\nEND\n\\";

  @TempDir Path directory;

  private static Launches usual() {
    Launches l = new Launches();
    l.mounts.add(new Spec.Mount("/proc", "proc", "proc", List.of("nosuid", "noexec")));
    l.mounts.add(new Spec.Mount("/sys", "sysfs", "sysfs", List.of("ro", "nosuid")));
    l.mounts.add(new Spec.Mount("/data", "bind", "/srv/d", List.of("rbind", "ro", "rprivate")));
    l.directories.addAll(List.of("/run/x", "/c", "/c/upper", "/c/work", "/run/x/rootfs"));
    l.files.put("/run/x/hosts", "127.0.0.1 localhost\n");
    l.cgroup.add(new CgroupStep.MakeDirectory("/sys/fs/cgroup/pids/m", true, "all containers"));
    l.cgroup.add(new CgroupStep.MakeDirectory("/sys/fs/cgroup/pids/m/1", false, "its own"));
    l.cgroup.add(new CgroupStep.Write("/sys/fs/cgroup/pids/m/1/pids.max", "64", true, "--pids"));
    l.entries.add(new CgroupEntry("/sys/fs/cgroup/pids/m/1/tasks", "the limits hold for it"));
    return l;
  }

  private static String script(Launches l) {
    return LaunchScript.of(l.launch());
  }

  private void isValid(String script) throws Exception {
    Path file = directory.resolve("script");
    Files.writeString(file, script);
    Process sh = new ProcessBuilder("sh", "-n", file.toString()).redirectErrorStream(true).start();
    assertThat(new String(sh.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    assertThat(sh.waitFor()).isZero();
  }

  @Test
  void everyPartOfAContainerHasItsCommand() throws Exception {
    String script = script(usual());
    isValid(script);
    assertThat(script)
        .containsSubsequence(
            "[ -d '/run/x' ] || { mkdir -- '/run/x'; made_0=yes; }",
            "[ -d '/c' ] || { mkdir -m 700 -- '/c'; made_1=yes; }",
            "mkdir -- '/c/upper' && made_2=yes || exit",
            "printf %s '127.0.0.1 localhost\n' > '/run/x/hosts'",
            "# --pids\nprintf %s '64' > '/sys/fs/cgroup/pids/m/1/pids.max'",
            "printf %s '0' > '/sys/fs/cgroup/pids/m/1/tasks'",
            "exec unshare --cgroup sh \"$own/2\"",
            "mount --make-rprivate -- '/'",
            "cd '/var/lib/x/layers'",
            "mount -t 'overlay' -o 'lowerdir=bb:aa,upperdir=/c/upper,workdir=/c/work' -- 'overlay'"
                + " '/run/x/rootfs'",
            "fd0='/run/x/rootfs'",
            "plain \"$fd0\" '/proc'\ndirectory \"$fd0\" '/proc' 0755; fd2=$at",
            "mount -t 'proc' -o 'nosuid,noexec' -- 'proc' \"$fd2\"",
            "mount -t 'sysfs' -o 'nosuid' -- 'sysfs' \"$fd2\"",
            "mount -o remount,bind,ro -- \"$fd2\"",
            "mount --rbind -- '/srv/d' \"$fd2\"",
            "fd1=\"$fd2\"",
            "change_all \"$fd1\" ro",
            "mount --make-rprivate -- \"$fd1\"",
            "ip link set lo up",
            "name hostname 'box'",
            "exec prlimit --nofile=512:1024 \\\n  setsid \\\n  setpriv --bounding-set -all,+chown"
                + " --clear-groups --regid 0 --reuid 0 --inh-caps -all --pdeathsig KILL"
                + " --ambient-caps -all \\\n  sh \"$own/3\"\n",
            "echo ready >&8\nread -r pivoted <&9",
            "exec </dev/null",
            "umask 0022",
            "exec ./loader --library-path . ./env -i --default-signal -C '/work' -- \\\n"
                + "  'PATH=/usr/bin:/bin' \\\n  'A=b' \\\n  'id' '-u'\n",
            "unshare --pid --mount --propagation unchanged --net --ipc --uts --fork --kill-child"
                + " sh \"$own/1\" <&3 3<&- &",
            "-- pivot_root \"$root\" \"$root\"",
            "-- umount -l /");
  }

  @Test
  void whatWasMadeIsRemovedInReverse() {
    assertThat(script(usual()))
        .containsSubsequence(
            "clean_up() {",
            "remove_cgroup '/sys/fs/cgroup/pids/m/1'",
            "rmdir '/sys/fs/cgroup/pids/m' 2>/dev/null",
            "rm -f -- '/run/x/hosts'",
            "rmdir -- '/run/x/rootfs' 2>/dev/null",
            "rm -rf --one-file-system -- '/c/work'",
            "rm -rf --one-file-system -- '/c/upper'",
            "rmdir -- '/c' 2>/dev/null",
            "trap clean_up EXIT");
  }

  @Test
  void hostileWordsAreQuotedWhereverTheyStand() throws Exception {
    Launches l = usual();
    l.id = HOSTILE;
    l.hostname = HOSTILE;
    l.args = List.of(HOSTILE, "-rf", HOSTILE);
    l.env = List.of("X=" + HOSTILE);
    l.cwd = "/" + HOSTILE;
    l.masked = List.of("/" + HOSTILE);
    l.sysctl = Map.of("a'.b", HOSTILE);
    l.mounts.add(new Spec.Mount("/" + HOSTILE, "bind", "/" + HOSTILE, List.of("bind")));
    l.mounts.add(new Spec.Mount("/t", HOSTILE, HOSTILE, List.of("o=" + HOSTILE)));
    l.directories.add("/" + HOSTILE);
    l.files.put("/" + HOSTILE + "/f", HOSTILE);
    l.cgroup.add(new CgroupStep.Write("/" + HOSTILE, HOSTILE, false, HOSTILE));
    l.causes = Map.of("cwd", HOSTILE, "args", HOSTILE, "hostname", HOSTILE);
    String script = script(l);
    isValid(script);
    // With every quoted word taken out, nothing of them is left to be executed.
    assertThat(unquoted(script)).doesNotContain("exit 9").doesNotContain("$(id)");
  }

  @Test
  void scriptSaysThatItLeavesDeviceRulesOut() throws Exception {
    Launches l = new Launches();
    l.cgroup.add(new CgroupStep.DeviceFilter("/sys/fs/cgroup/m", List.of(), "--device"));
    String script = script(l);
    isValid(script);
    assertThat(script)
        .contains("echo 'device rules are left out: a shell cannot load a BPF program' >&2\n");
  }

  /** The lines of the script that are code, without its quoted words. */
  private static String unquoted(String script) {
    StringBuilder out = new StringBuilder();
    boolean word = false;
    boolean comment = false;
    for (int i = 0; i < script.length(); i++) {
      char c = script.charAt(i);
      if (comment) {
        comment = c != '\n';
      } else if (word) {
        word = c != '\'';
      } else if (c == '\'' && script.charAt(i - 1) != '\\') {
        word = true;
      } else if (c == '#' && " \n".indexOf(script.charAt(Math.max(0, i - 1))) >= 0) {
        comment = true;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  @Test
  void aLineOfTheContentDoesNotEndItsFile() {
    Launches l = usual();
    l.env = List.of("X=1\nEND\nEND_\n");
    assertThat(script(l)).contains("<<'END__'\n").contains("\nEND__\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "it's", "$(id)", "`id`", "a\nb\n", "-n", "\\", "''", "é", "!", "*", "~"})
  void aQuotedWordIsThatWord(String word) throws Exception {
    Process sh =
        new ProcessBuilder("sh", "-c", Sh.print(word) + "; printf %s " + Sh.quote(word)).start();
    assertThat(new String(sh.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo(word + word);
  }

  @Test
  void bytesThatAreNoTextAreWrittenAsTheyAre() throws Exception {
    byte[] bytes = {0, '%', 's', (byte) 0xff, '\\', '\'', '7'};
    Process sh = new ProcessBuilder("sh", "-c", Sh.print(new Arg.Bytes(bytes, ""))).start();
    assertThat(sh.getInputStream().readAllBytes()).isEqualTo(bytes);
  }

  @Test
  void aWordCannotHoldANul() {
    assertThatThrownBy(() -> Sh.quote("a\0b")).isInstanceOf(IllegalArgumentException.class);
  }

  /** Only what has the privileges may do it, and what comes after it is under it. */
  @Test
  void filterIsInstalledBeforePrivilegesAreGivenUp() throws Exception {
    Launches l = usual();
    byte[] kept = ByteBuffer.allocate(20).order(ByteOrder.nativeOrder()).putInt(2).array();
    l.seccomp = Optional.of(SeccompProgram.of(kept));
    String script = script(l);
    isValid(script);
    assertThat(script).contains("filter='\n" + "0".repeat(32) + "\n'\n");
    String programs = script.substring(script.indexOf("\nexec prlimit"));
    assertThat(programs.indexOf("perl -e \"$install_filter\" \"$filter\" 2"))
        .isPositive()
        .isLessThan(programs.indexOf("setpriv"));
  }

  @Test
  void whatOnlyAMonitorShowsIsSaidAndLeftOut() throws Exception {
    Launches l = usual();
    l.view = List.of(ViewFile.MEMINFO);
    String with = script(l);
    isValid(with);
    assertThat(with).contains("a shell serves no file system").doesNotContain("mount -t fuse");
  }

  @ParameterizedTest
  @EnumSource(Op.class)
  void everyOperationIsDoneOrExplained(Op op) throws Exception {
    Launches l = usual();
    LaunchScript.Launch launch = l.launch();
    List<Step> init = new ArrayList<>(launch.plan().init());
    init.add(init.size() - 1, new Step(op, arguments(op), "the reason"));
    String with =
        LaunchScript.of(
            new LaunchScript.Launch(
                launch.input(),
                new LaunchPlan(launch.plan().monitor(), init),
                launch.cgroup(),
                launch.unified(),
                launch.directories(),
                launch.files()));
    isValid(with);
    assertThat(with).isNotEqualTo(LaunchScript.of(launch));
  }

  private static List<Arg> arguments(Op op) {
    List<Arg> args = new ArrayList<>();
    for (char kind : op.arguments().toCharArray()) {
      args.add(
          switch (kind) {
            case 's', 'S' -> new Arg.Text("/text");
            case 'n' -> new Arg.Number(5, "5");
            case 'f', 'F' -> new Arg.Fd(Slot.FREE);
            case 'v' -> new Arg.Texts(List.of("/x", "A=b"));
            default -> new Arg.Bytes(new byte[] {1, 0, 0, 0}, "bytes");
          });
    }
    return args;
  }

  @Test
  void aCommandWithASlashIsNotSearched() {
    Launches l = usual();
    l.args = List.of("/bin/id");
    assertThat(script(l)).contains("\n  '/bin/id'\n").doesNotContain("candidate");
  }

  @Test
  void withoutAPathTheDefaultDirectoriesAreSearched() {
    Launches l = usual();
    l.env = List.of();
    assertThat(script(l)).contains("for candidate in '/usr/local/sbin/id' '/usr/local/bin/id'");
  }

  @Test
  void whatEnvCannotPassOnIsSaid() {
    Launches l = usual();
    l.env = List.of("PATH=/bin", "LONELY");
    assertThat(script(l)).contains("such entries are left out");
    l.args = List.of("/a=b");
    assertThat(script(l)).contains("\ndie 'env cannot execute a command with");
  }

  @Test
  void aUserHasItsGroups() {
    Launches l = usual();
    l.user = new Spec.User(4294967294L, 100, List.of(7L, 4000000000L), OptionalInt.of(077));
    l.noNewPrivileges = true;
    assertThat(script(l))
        .contains("umask 0077")
        .contains(
            "  setpriv --no-new-privs --bounding-set -all,+chown --groups 7,4000000000 --regid 100"
                + " --reuid 4294967294 ");
  }

  @Test
  void joinedNamespacesAreEntered() {
    Launches l = usual();
    l.namespaces.clear();
    for (String type : List.of("pid", "ipc", "network")) {
      l.namespaces.add(new Spec.Namespace(type, Optional.of("/proc/7/ns/" + type)));
    }
    l.namespaces.add(new Spec.Namespace("mount", Optional.empty()));
    assertThat(script(l))
        .containsSubsequence(
            "exec nsenter --net='/proc/7/ns/network' -- nsenter --ipc='/proc/7/ns/ipc' --"
                + " sh \"$own/2\"",
            "nsenter --pid='/proc/7/ns/pid' -- unshare --mount --propagation unchanged --fork"
                + " --kill-child sh \"$own/1\"");
  }

  @Test
  void aTerminalIsTheCallers() throws Exception {
    Launches l = usual();
    l.terminal = true;
    String script = script(l);
    isValid(script);
    assertThat(script)
        .contains("the caller's is used")
        .contains("fd4=$(tty)")
        .contains("mount --bind -- \"$fd4\" \"$fd2\"")
        .doesNotContain("  setsid \\");
  }

  @Test
  void theInitIsLeftOutInSoManyWords() {
    Launches l = usual();
    l.init = true;
    assertThat(script(l)).contains("that init is inside mydocker").contains("\n  'id' '-u'\n");
  }

  @Test
  void theSameLaunchGivesTheSameScript() {
    assertThat(script(usual())).isEqualTo(script(usual()));
  }
}

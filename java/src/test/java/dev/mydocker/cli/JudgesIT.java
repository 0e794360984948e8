package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.json.Json;
import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What mydocker says of a launch, held against what others see of it: strace, and a shell. */
class JudgesIT {
  private static final Set<String> NAMESPACES_AND_MOUNTS =
      Set.of(
          "clone3",
          "unshare",
          "setns",
          "mount",
          "fsopen",
          "fsmount",
          "open_tree",
          "move_mount",
          "mount_setattr",
          "pivot_root",
          "sethostname",
          "setdomainname",
          "execve");

  private static final String STATE =
      "cut -d' ' -f4- /proc/self/mountinfo; echo; hostname; id; "
          + "grep -E '^(Cap|NoNewPrivs|Uid|Gid|Groups|Seccomp)' /proc/self/status; "
          + "cat /proc/self/limits /proc/self/cgroup; "
          + "for f in /sys/fs/cgroup/*/*limit_in_bytes /sys/fs/cgroup/*/*quota_us"
          + " /sys/fs/cgroup/*/pids.max /sys/fs/cgroup/*.max /sys/fs/cgroup/*/devices.list; do"
          + " [ -e $f ] && echo $f $(cat $f); done; "
          + "env | sort; pwd; umask; ip link | cut -d: -f2; ls -la /dev /etc; "
          + "p=$(ps); echo \"$p\" | wc -l; "
          + "for n in pid mnt uts net ipc cgroup user; do readlink /proc/self/ns/$n; done; exit 7";

  @TempDir Path directory;

  private record Result(int code, String out, String err) {}

  private Result execute(List<String> command) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MYDOCKER_ROOT", directory.resolve("root").toString());
    builder.environment().put("MYDOCKER_RUN_ROOT", directory.resolve("run").toString());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    int code = builder.start().waitFor();
    return new Result(
        code,
        Files.readString(out, StandardCharsets.ISO_8859_1),
        Files.readString(err, StandardCharsets.ISO_8859_1));
  }

  private static List<String> run(String... arguments) {
    List<String> command = Cli.jvm();
    command.add("run");
    command.addAll(List.of(arguments));
    return command;
  }

  private static String image() {
    return "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
  }

  @Test
  void straceSeesTheCallsThatExplainListsInThatOrder() throws Exception {
    execute(run("--rm", image(), "true"));
    Path trace = directory.resolve("trace");
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "strace", "-f", "-o", trace.toString(), "-e", "trace=" + String.join(",", traced())));
    String[] arguments = {
      "--rm", "--explain=json", "--read-only", "-v", directory + ":/data:ro", image(), "true"
    };
    command.addAll(run(arguments));
    Result result = execute(command);
    assertThat(result.code()).as(result.err()).isZero();
    Map<String, List<String>> calls = callsByProcess(trace);
    List<String> init =
        calls.values().stream().filter(c -> c.contains("pivot_root")).findFirst().orElseThrow();
    List<String> explained = explained(result.err(), "init");
    assertThat(explained).contains("unshare", "mount", "fsmount", "pivot_root", "execve");
    assertThat(init).containsSubsequence(explained);
    List<String> monitor =
        calls.values().stream().filter(c -> c.contains("execveat")).findFirst().orElseThrow();
    assertThat(monitor).containsSubsequence("clone3", "execveat");
    assertThat(Files.readString(trace, StandardCharsets.ISO_8859_1))
        .contains("CLONE_NEWNS", "CLONE_NEWPID", "CLONE_NEWNET", "CLONE_NEWUTS", "CLONE_NEWIPC");
  }

  private static List<String> traced() {
    List<String> traced = new ArrayList<>(NAMESPACES_AND_MOUNTS);
    traced.add("execveat");
    return traced;
  }

  /** Lines of strace -f -o: {@code PID call(...) = result}, a call may be resumed in another. */
  private static Map<String, List<String>> callsByProcess(Path trace) throws IOException {
    Map<String, List<String>> calls = new HashMap<>();
    for (String line : Files.readAllLines(trace, StandardCharsets.ISO_8859_1)) {
      String[] parts = line.split(" +", 2);
      int bracket = parts[1].indexOf('(');
      if (bracket > 0 && !parts[1].startsWith("<")) {
        calls.computeIfAbsent(parts[0], p -> new ArrayList<>()).add(parts[1].substring(0, bracket));
      }
    }
    return calls;
  }

  private static List<String> explained(String text, String who) throws Exception {
    List<String> calls = new ArrayList<>();
    for (Json item : parse(text)) {
      Json.Obj step = (Json.Obj) item;
      // MASK and READONLY find out by themselves whether there is anything to cover.
      String shown = step.string("shown").orElseThrow();
      boolean maybe = shown.startsWith("mask(") || shown.startsWith("readonly(");
      if (step.string("who").orElseThrow().equals(who) && !maybe) {
        for (String call : step.string("call").orElseThrow().split("\\+")) {
          if (NAMESPACES_AND_MOUNTS.contains(call)) {
            calls.add(call);
          }
        }
      }
    }
    return calls;
  }

  private static List<Json> parse(String text) throws Exception {
    String array = text.substring(text.indexOf("[\n"));
    String object = "{\"steps\":" + array + "}";
    return Json.parseObject(object.getBytes(StandardCharsets.UTF_8)).array("steps");
  }

  @Test
  void theScriptGivesTheSameContainer() throws Exception {
    // A shell serves no file system, as the monitor does to show the limits: the script says so.
    String[] typical = {
      "--rm",
      "--security-opt",
      "proc-view=off",
      "--hostname",
      "box",
      "-m",
      "64m",
      "--pids-limit",
      "64",
      "--cpus",
      "0.5",
      "-e",
      "A=b c",
    };
    isSame(typical);
    String[] strict = {
      "--rm",
      "--hostname",
      "box",
      "--read-only",
      "--tmpfs",
      "/tmp",
      "-u",
      "1000:1000",
      "--group-add",
      "5",
      "--cap-drop",
      "ALL",
      "-w",
      "/work",
      "-v",
      directory + ":/data:ro",
      "--ulimit",
      "nofile=64:128"
    };
    isSame(strict);
    String[] shared = {
      "--rm", "--network", "host", "--ipc", "host", "--cap-add", "NET_ADMIN", "--shm-size", "1m"
    };
    isSame(Arrays.copyOf(shared, shared.length - 2));
  }

  private void isSame(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of(image(), "sh", "-c", STATE));
    Result own = execute(run(arguments.toArray(new String[0])));
    assertThat(own.code()).as(own.err()).isEqualTo(7);
    arguments.add(0, "--dry-run=script");
    Result printed = execute(run(arguments.toArray(new String[0])));
    assertThat(printed.code()).as(printed.err()).isZero();
    Path script = Files.writeString(directory.resolve("script"), printed.out());
    Result shell = execute(List.of("sh", script.toString()));
    assertThat(shell.code()).as(shell.err()).isEqualTo(7);
    assertThat(normal(shell.out())).isEqualTo(normal(own.out()));
  }

  /** Without what no two containers have in common: ids, namespaces' numbers, times. */
  private static String normal(String state) {
    Map<String, String> replacements = new LinkedHashMap<>();
    replacements.put("[0-9a-f]{64}", "ID");
    replacements.put("(pid|mnt|uts|net|ipc|cgroup):\\[\\d+\\]", "$1");
    replacements.put("[A-Z][a-z]{2} +\\d+ [0-9:]{4,5} ", "TIME ");
    replacements.put("@if\\d+", "@if");
    replacements.put("(?m)^total .*$", "");
    String out = state;
    for (Map.Entry<String, String> r : replacements.entrySet()) {
      out = out.replaceAll(r.getKey(), r.getValue());
    }
    return out;
  }
}

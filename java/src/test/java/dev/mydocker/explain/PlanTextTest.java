package dev.mydocker.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.launch.Arg;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.Op;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Step;
import dev.mydocker.spec.Spec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PlanTextTest {

  private static LaunchScript.Launch small() {
    Launches l = new Launches();
    l.directories.add("/run/x");
    l.files.put("/run/x/hosts", "127.0.0.1 localhost\n");
    l.cgroup.add(new CgroupStep.MakeDirectory("/sys/fs/cgroup/m", false, "its own cgroup"));
    l.cgroup.add(new CgroupStep.Write("/sys/fs/cgroup/m/pids.max", "64", true, "--pids-limit"));
    l.cgroup.add(
        new CgroupStep.DeviceFilter(
            "/sys/fs/cgroup/m",
            List.of(new Spec.DeviceRule(true, "c", OptionalLong.of(1), OptionalLong.empty(), "rw")),
            "--device"));
    l.unified = Optional.of("/sys/fs/cgroup/m");
    l.idMappings = List.of(new Spec.IdMapping(0, 100000, 65536));
    LaunchPlan plan =
        new LaunchPlan(
            List.of(
                new Step(
                    Op.CLONE_INIT,
                    List.of(
                        new Arg.Number(0x20000000L, "CLONE_NEWPID"),
                        new Arg.Number(0, "{}"),
                        new Arg.Fd(Slot.CGROUP)),
                    "namespaces of its own: pid")),
            List.of(
                new Step(
                    Op.SYNC,
                    List.of(new Arg.Fd(Slot.SYNC), new Arg.Number(1, "1")),
                    "the JVM sets limits and maps from outside"),
                new Step(
                    Op.EXECVE,
                    List.of(
                        new Arg.Texts(List.of("/bin/id")),
                        new Arg.Texts(List.of("id", "\u001b")),
                        new Arg.Texts(List.of("A=b"))),
                    "the command\nof the image")));
    return new LaunchScript.Launch(
            l.launch().input(), plan, l.cgroup, l.unified, l.directories, l.files)
        .with(Map.of("/etc/passwd", "ann:*:7:7::/:/bin/sh\n"));
  }

  @Test
  void hostStepsStandWhereTheyAreDone() {
    assertThat(PlanText.text(small()))
        .isEqualTo(
            """
            ID=0123456789ab
            who      step  # why
            jvm      mkdir("/run/x")  # the container's directories; removed at its end
            jvm      append("/etc/passwd", "ann:*:7:7::/:/bin/sh\\n")
                     # --userns=keep-id: programs look there for who they are; in its own layer
            jvm      write("/run/x/hosts", "127.0.0.1 localhost\\n")  # a file of the container's own
            jvm      mkdir("/sys/fs/cgroup/m")  # its own cgroup
            jvm      write("/sys/fs/cgroup/m/pids.max", "64")  # --pids-limit
            jvm      bpf("BPF_PROG_ATTACH", "/sys/fs/cgroup/m", "allow c 1:* rw")  # --device
            monitor  clone3 clone_init(CLONE_NEWPID, {}, cgroup)  # namespaces of its own: pid
            init     write+read sync(sync, 1)  # the JVM sets limits and maps from outside
            jvm      write("/proc/PID of init/uid_map", "0 100000 65536\\n")  # which ids of the host the container's are
            jvm      write("/proc/PID of init/gid_map", "0 100000 65536\\n")  # which ids of the host the container's are
            init     execve(["/bin/id"], ["id", "\\x1b"], ["A=b"])  # the command\\nof the image
            """);
  }

  @Test
  void jsonHasEveryStep() {
    String json = PlanText.json(small()).toText();
    assertThat(json)
        .startsWith(
            "[{\"who\":\"jvm\",\"call\":\"mkdir\",\"shown\":\"mkdir(\\\"/run/x\\\")\",\"why\":")
        .contains("{\"who\":\"jvm\",\"call\":\"append\",\"shown\":\"append(\\\"/etc/passwd\\\", ")
        .contains(
            "{\"who\":\"monitor\",\"op\":\"clone_init\",\"call\":\"clone3\",\"shown\":\"clone_init(CLONE_NEWPID,"
                + " {}, cgroup)\",\"why\":\"namespaces of its own: pid\"},")
        .contains("{\"who\":\"init\",\"op\":\"sync\",\"call\":\"write+read\"")
        .endsWith("\"why\":\"the command\\nof the image\"}]");
    assertThat(json.split("\"who\":", -1)).hasSize(12);
  }

  @Test
  void wrappedTextIsWhole() {
    String text = "one, two three " + "x".repeat(200) + " four,five";
    List<String> lines = Printable.wrap(text, 40);
    assertThat(String.join("", lines)).isEqualTo(text);
    assertThat(lines).allMatch(line -> line.length() <= 40);
  }
}

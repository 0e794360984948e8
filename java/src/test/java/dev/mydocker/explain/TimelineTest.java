package dev.mydocker.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Recording.Entry;
import dev.mydocker.launch.Recording.Who;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private static final String ID = "0123456789abcdef".repeat(4);

  private static final long T = 5_000_000_000L;

  private static Entry entry(
      Who who, String call, String shown, String why, long result, int at, int took) {
    long start = T + at * 1000L;
    return new Entry(who, call, shown, why, result, start, start + took * 1000L);
  }

  private static final Recording SMALL =
      new Recording(
          List.of(
              entry(Who.JVM, "mkdir", "\"/sys/fs/cgroup/x\"", "its cgroup", 0, 0, 12),
              entry(
                  Who.MONITOR,
                  "clone3",
                  "clone_init(CLONE_NEWPID|CLONE_NEWNS)",
                  "namespaces of its own: pid mount",
                  4711,
                  20,
                  300),
              entry(Who.INIT, "prctl", "name(\"mydocker:mounts\")", "the phase", 0, 330, 1),
              entry(
                  Who.INIT,
                  "mount",
                  "mount(\"overlay\", \"/run/x\", \"overlay\", 0, \"lowerdir="
                      + "a".repeat(64)
                      + ":"
                      + "b".repeat(64)
                      + "\")",
                  "the image's layers",
                  0,
                  340,
                  55),
              entry(Who.INIT, "chdir", "chdir(\"/none\")", "--workdir", -2, 400, 3),
              new Entry(
                  Who.INIT, "execve", "execve([\"/bin/sh\"])", "command", 0, T + 500_000L, 0)));

  @Test
  void textHasALineForEachStep() {
    String text = Timeline.text(SMALL, ID);
    assertThat(text)
        .isEqualTo(
            """
            6 steps in 0.50 ms: jvm 1, monitor 1, init 4; failed: 1
            ID=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
            at, took: microseconds; who: jvm is mydocker, monitor the container's parent, \
            init its first process; #: why

                 at    took  who      result  call
            -- jvm
                  0      12  jvm      ok      mkdir "/sys/fs/cgroup/x"  # its cgroup
            -- monitor
                 20     300  monitor  4711    clone3 clone_init(CLONE_NEWPID|CLONE_NEWNS)  \
            # namespaces of its own: pid mount
            -- init: mounts
                330       1  init     ok      prctl name("mydocker:mounts")  # the phase
                340      55  init     ok      mount("overlay", "/run/x", "overlay", 0, \
            "lowerdir=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                                              aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:\
            bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                                              bbbbbbbbbbbbbbbb")
                                              # the image's layers
                400       3  init     ENOENT  chdir("/none")  # --workdir
                500       -  init     ok      execve(["/bin/sh"])  # command
            """);
  }

  @Test
  void jsonIsAnArrayOfSteps() {
    assertThat(Timeline.json(SMALL).toText())
        .startsWith(
            "[{\"who\":\"jvm\",\"call\":\"mkdir\",\"shown\":\"\\\"/sys/fs/cgroup/x\\\"\","
                + "\"why\":\"its cgroup\",\"result\":0,\"startMicros\":0,\"micros\":12},")
        .contains("\"result\":-2,\"errno\":\"ENOENT\",\"startMicros\":400,\"micros\":3}");
  }

  @Test
  void nothingForeignReachesTheTerminalRaw() {
    Recording hostile =
        new Recording(
            List.of(
                entry(
                    Who.INIT,
                    "open",
                    "open(\"\u001b[2J\u202e\u009b\n\")",
                    "x\r\u001b]0;",
                    0,
                    0,
                    1)));
    assertThat(Timeline.text(hostile, ID))
        .contains("open(\"\\x1b[2J\\u202e\\u009b\\n\")")
        .contains("# x\\x0d\\x1b]0;")
        .doesNotContain("\u001b");
  }

  @Test
  void htmlIsOnePageWithAllForeignTextEscaped() {
    Recording hostile =
        new Recording(
            List.of(
                entry(Who.INIT, "open", "open(\"<script>'&\")", "<img src=x>", 0, 0, 10),
                entry(Who.JVM, "write", "x", "y", -1, 10, 30)));
    String html = Timeline.html(hostile);
    assertThat(html)
        .startsWith("<!DOCTYPE html>")
        .contains("open(&quot;&lt;script&gt;&#39;&amp;&quot;)")
        .contains("&lt;img src=x&gt;")
        .contains("margin-left:25.00%;width:75.00%")
        .contains("class=\"jvm failed\"")
        .contains("EPERM")
        .doesNotContain("<script")
        .doesNotContain("http://")
        .doesNotContain("https://");
  }

  @Test
  void anEmptyRecordingIsNoError() {
    Recording none = new Recording(List.of());
    assertThat(Timeline.text(none, ID)).startsWith("0 steps in 0.00 ms");
    assertThat(Timeline.json(none).toText()).isEqualTo("[]");
    assertThat(Timeline.html(none)).endsWith("</html>\n");
  }

  @Test
  void anUnknownErrorIsItsNumber() {
    Recording odd = new Recording(List.of(entry(Who.JVM, "ioctl", "x", "y", -4095, 0, 1)));
    assertThat(Timeline.text(odd, ID)).contains("  4095    ioctl x");
  }
}

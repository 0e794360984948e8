package dev.mydocker.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.engine.LogQuery;
import dev.mydocker.engine.LogReader;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The monitor of detached launches on this host's root: its log, its clients, its records. */
@Tag("smoke")
class MonitorIT {
  private static final long NEWPID = 0x20000000;

  @TempDir Path directory;

  /** A launch whose launcher has gone. */
  private final class Detached implements AutoCloseable {
    final Path run = Files.createDirectories(directory.resolve("run"));
    final Path logs = Files.createDirectories(directory.resolve("logs"));
    final Launcher.Launched launched;
    private boolean ended;

    Detached(Stdio stdio, List<Step> init, long size, int files, String... end) throws IOException {
      try (Fd listener = AttachSocket.listen(run);
          Fd runFd = LauncherIT.open(run, Linux.O_PATH);
          Fd log = LauncherIT.open(logs, Linux.O_PATH);
          Fd life = LauncherIT.open(directory.resolve("life"), Linux.O_RDWR | Linux.O_CREAT)) {
        assertThat(Linux.flock(life.number(), Linux.LOCK_EX)).isZero();
        MonitorOptions options =
            new MonitorOptions(
                Optional.of(listener),
                Optional.of(new MonitorOptions.Log(log, size, files)),
                true,
                Optional.empty(),
                Optional.empty(),
                List.of(end));
        LaunchPlan plan =
            new LaunchPlan(List.of(LauncherIT.clone(NEWPID), LauncherIT.ownMonitor()), init);
        Launcher.Request request =
            new Launcher.Request(
                "test", plan, stdio, Map.of(Slot.RUN_DIRECTORY, runFd, Slot.LIFE, life), options);
        launched = Launcher.launch(request, (point, pid) -> {}, new ArrayList<>());
      }
      launched.client().close();
    }

    Detached(String script) throws IOException {
      this(new Stdio.Streams(true), shell(script), 0, 1);
    }

    /** Whether the monitor lives. */
    boolean runs() {
      int[] how = new int[2];
      assertThat(Linux.waitPidfd(launched.monitor().number(), false, how)).isZero();
      ended = how[0] != 0;
      return !ended;
    }

    /** Waits for the monitor's end. */
    void await() {
      ended = true;
      assertThat(Linux.waitPidfd(launched.monitor().number(), true, new int[2])).isZero();
    }

    String log(String name) throws IOException {
      return text(logs.resolve(name), "");
    }

    long fds() throws IOException {
      try (Stream<Path> all = Files.list(Path.of("/proc/" + launched.monitorPid() + "/fd"))) {
        return all.count();
      }
    }

    @Override
    public void close() {
      if (!ended) {
        // Its end is not waited for, so nobody else has its number.
        Linux.pidfdSendSignal(launched.monitor().number(), 9);
        await();
      }
      launched.monitor().close();
    }
  }

  private static List<Step> shell(String script) {
    List<Step> init =
        new ArrayList<>(LauncherIT.command("/bin/sh", "-c", "PATH=/usr/bin:/bin; " + script));
    init.set(
        1, Step.of("test", Op.STDIO, Arg.fd(Slot.STDIN), Arg.fd(Slot.STDOUT), Arg.fd(Slot.STDERR)));
    return init;
  }

  /** The text that a log's file holds of both streams, its records' heads taken off. */
  private static String text(Path file, String stream) throws IOException {
    StringBuilder out = new StringBuilder();
    for (String line : Files.readString(file, UTF_8).split("\n")) {
      if (line.startsWith("std" + stream, 31)) {
        out.append(line.substring(40)).append(line.charAt(38) == 'F' ? "\n" : "");
      }
    }
    return out.toString();
  }

  private static final class Collected implements Output {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void stdout(byte[] buffer, int offset, int length) {
      bytes.write(buffer, offset, length);
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) {
      bytes.write(buffer, offset, length);
    }
  }

  private static String numbers(int last) {
    StringBuilder out = new StringBuilder();
    for (int i = 1; i <= last; i++) {
      out.append(i).append('\n');
    }
    return out.toString();
  }

  // ---- the log ----------------------------------------------------------------------------------

  @Test
  void REL25_theLogHasEveryByteOfAShortLife() throws Exception {
    String expected = numbers(3000) + "end";
    for (int i = 0; i < 50; i++) {
      try (Detached container = new Detached("seq 1 3000; echo err >&2; printf end")) {
        container.await();
        assertThat(text(container.logs.resolve("log"), "out")).isEqualTo(expected);
        assertThat(text(container.logs.resolve("log"), "err")).isEqualTo("err\n");
      }
      Files.delete(directory.resolve("logs/log"));
      Files.delete(directory.resolve("run/exit"));
    }
  }

  @Test
  void theLogIsRotated() throws Exception {
    try (Detached container =
        new Detached(new Stdio.Streams(true), shell("seq 1 20000"), 100_000, 3)) {
      container.await();
      String all = container.log("log.2") + container.log("log.1") + container.log("log");
      assertThat(numbers(20000)).endsWith("\n" + all);
      assertThat(Files.size(container.logs.resolve("log.1"))).isBetween(99_900L, 100_000L);
      assertThat(container.logs.resolve("log.3")).doesNotExist();
    }
  }

  /** The monitor rotates as fast as it can, and the reader has to keep up by inodes. */
  @RepeatedTest(3)
  void aFollowerSeesEveryLineOverRotations() throws Exception {
    try (Detached container =
        new Detached(new Stdio.Streams(true), shell("seq 1 100000"), 50_000, 1000)) {
      ByteArrayOutputStream seen = new ByteArrayOutputStream();
      new LogReader(container.logs, container::runs)
          .read(
              new LogQuery(true, Optional.empty(), Optional.empty(), Optional.empty()),
              piece -> {
                seen.writeBytes(piece.text());
                seen.write('\n');
              });
      assertThat(seen).hasToString(numbers(100000));
      assertThat(container.logs.resolve("log.50")).exists();
    }
  }

  @Test
  void REL28_aContainerGoesOnWhenTheDiskOfItsLogIsFull() throws Exception {
    Path logs = Files.createDirectories(directory.resolve("logs"));
    byte[] target = logs.toString().getBytes(UTF_8);
    byte[] tmpfs = "tmpfs".getBytes(UTF_8);
    KernelException.check(
        Linux.mount(tmpfs, target, tmpfs, 0, "size=256k".getBytes(UTF_8)), "mount", "tmpfs");
    try (Detached container =
            new Detached(
                "seq 1 100000; : >" + directory + "/full; read line; echo resumed; exit 3");
        MonitorClient client = MonitorClient.connect(container.run)) {
      client.attach(false, true); // it takes no output, so it must not want any
      // More has been printed than pipe and disk hold.
      while (!Files.exists(directory.resolve("full"))) {
        Thread.onSpinWait();
      }
      KernelException.check(
          Linux.mount(tmpfs, target, tmpfs, 0x20 /* MS_REMOUNT */, "size=2m".getBytes(UTF_8)),
          "mount",
          "tmpfs");
      client.stdin("\n".getBytes(UTF_8), 0, 1);
      assertThat(client.relay(new Collected(), s -> {})).contains(new ExitStatus(3, 0));
      container.await();
      String out = text(logs.resolve("log"), "out");
      assertThat(out).startsWith("1\n2\n").endsWith("\nresumed\n");
      assertThat(text(logs.resolve("log"), "err"))
          .matches("mydocker: [0-9]+ records of this log could not be written: ENOSPC\n");
    } finally {
      KernelException.check(Linux.umount2(target, 0), "umount2", logs.toString());
    }
  }

  // ---- clients ----------------------------------------------------------------------------------

  @Test
  void aClientIsAttachedAndOthersWaitForTheEnd() throws Exception {
    try (Detached container = new Detached("read line; echo \"got $line\"; exit 5");
        MonitorClient waiting = MonitorClient.connect(container.run);
        MonitorClient attached = MonitorClient.connect(container.run)) {
      attached.attach(true, true);
      attached.stdin("word\n".getBytes(UTF_8), 0, 5);
      Collected output = new Collected();
      assertThat(attached.relay(output, s -> {})).contains(new ExitStatus(5, 0));
      assertThat(output.bytes).hasToString("got word\n");
      Collected nothing = new Collected();
      assertThat(waiting.relay(nothing, s -> {})).contains(new ExitStatus(5, 0));
      assertThat(nothing.bytes.size()).isZero();
      assertThat(container.log("log")).isEqualTo("got word\n");
    }
  }

  @Test
  void REL22_aClientThatTakesNothingIsDropped() throws Exception {
    try (Detached container = new Detached("read line; seq 1 200000; exit 6");
        MonitorClient stopped = MonitorClient.connect(container.run);
        MonitorClient attached = MonitorClient.connect(container.run)) {
      stopped.attach(true, false);
      attached.attach(true, true);
      attached.stdin("\n".getBytes(UTF_8), 0, 1);
      Collected output = new Collected();
      assertThat(attached.relay(output, s -> {})).contains(new ExitStatus(6, 0));
      assertThat(output.bytes).hasToString(numbers(200000));
      assertThat(stopped.relay(new Collected(), s -> {})).isEmpty();
      container.await();
      assertThat(container.log("log")).isEqualTo(numbers(200000));
    }
  }

  @Test
  void REL23_aThousandClientsLeaveNothing() throws Exception {
    try (Detached container = new Detached("while read line; do echo \"$line\"; done")) {
      answer(container, 0);
      long before = container.fds();
      int own = ownFds();
      for (int i = 1; i <= 1000; i++) {
        if (i % 10 == 0) {
          answer(container, i);
        } else {
          try (MonitorClient client = MonitorClient.connect(container.run)) {
            client.attach(i % 2 == 0, i % 3 == 0);
            client.resize(i, i);
          }
        }
      }
      answer(container, 1001);
      assertThat(container.fds()).isBetween(before - 1, before + 1);
      // The JDK opens a file or two of its own when it likes.
      assertThat(ownFds()).isLessThan(own + 10);
    }
  }

  private static int ownFds() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return (int) all.count();
    }
  }

  /** One more client, which types a number, reads it and goes. */
  private static void answer(Detached container, int number) throws IOException {
    try (MonitorClient client = MonitorClient.connect(container.run)) {
      client.attach(true, true);
      byte[] line = (number + "\n").getBytes(UTF_8);
      client.stdin(line, 0, line.length);
      Collected output = new Collected();
      client.relay(
          new Output() {
            @Override
            public void stdout(byte[] buffer, int offset, int length) {
              output.stdout(buffer, offset, length);
              if (output.bytes.toString(UTF_8).endsWith(number + "\n")) {
                client.detach();
              }
            }

            @Override
            public void stderr(byte[] buffer, int offset, int length) {}
          },
          s -> {});
    }
  }

  @Test
  void theSocketIsItsOwnersAlone() throws Exception {
    try (Detached container = new Detached("read line")) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(container.run.resolve("attach"))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void withoutAMonitorThereIsNothingToConnectTo() throws Exception {
    assertThatThrownBy(() -> MonitorClient.connect(directory))
        .isInstanceOfSatisfying(
            KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    AttachSocket.listen(directory).close();
    assertThatThrownBy(() -> MonitorClient.connect(directory))
        .isInstanceOfSatisfying(
            KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
  }

  /** unix(7) allows 107 bytes. */
  @Test
  void thePathMayBeLong() throws Exception {
    Path deep =
        Files.createDirectories(directory.resolve("d".repeat(200)).resolve("e".repeat(200)));
    try (Fd listener = AttachSocket.listen(deep);
        MonitorClient client = MonitorClient.connect(deep)) {
      assertThat(Files.exists(deep.resolve("attach"))).isTrue();
    }
  }

  // ---- records and the end ----------------------------------------------------------------------

  @Test
  void recordsSayWhoRunsAndHowItEnded() throws Exception {
    try (Detached container = new Detached("read line; exit 7")) {
      Json.Obj pid = Json.parseObject(Files.readAllBytes(container.run.resolve("pid")));
      assertThat(pid.integer("pid")).contains((long) container.launched.initPid());
      assertThat(pid.integer("monitor")).contains((long) container.launched.monitorPid());
      assertThat(container.run.resolve("exit")).doesNotExist();
      try (MonitorClient client = MonitorClient.connect(container.run)) {
        client.attach(false, true);
        client.closeStdin();
        assertThat(client.relay(new Collected(), s -> {})).contains(new ExitStatus(7, 0));
      }
      Json.Obj exit = Json.parseObject(Files.readAllBytes(container.run.resolve("exit")));
      assertThat(exit.integer("exitCode")).contains(7L);
      assertThat(exit.integer("finished").orElseThrow())
          .isGreaterThanOrEqualTo(pid.integer("started").orElseThrow());
    }
  }

  @Test
  void theEndCommandRunsWithNothingOfTheMonitorButTheLock() throws Exception {
    String script =
        "cd $1; /bin/ls -l /proc/$$/fd >fds; /usr/bin/env >env; flock -n ../life true || : >held";
    try (Detached container =
        new Detached(
            new Stdio.Streams(true),
            shell("exit 3"),
            0,
            1,
            "/bin/sh",
            "-c",
            "PATH=/usr/bin:/bin; " + script,
            "sh",
            directory.resolve("run").toString())) {
      container.await();
      assertThat(Files.readString(container.run.resolve("exit"))).contains("\"exitCode\":3");
      assertThat(Files.readAllLines(container.run.resolve("fds")).stream().skip(1))
          .allMatch(
              line ->
                  line.endsWith("/dev/null")
                      || line.endsWith("/fds")
                      || line.contains(" 3 -> ") && line.endsWith("/life"));
      assertThat(Files.readString(container.run.resolve("env"))).doesNotContain("HOME", "JAVA");
      assertThat(container.run.resolve("held")).exists();
    }
  }
}

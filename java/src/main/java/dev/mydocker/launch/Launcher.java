package dev.mydocker.launch;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts plans: makes the descriptors that JVM, M and I share, has M cloned, meets I at its sync
 * points, and finds out whether the command was executed.
 */
public final class Launcher {

  /** What the JVM does from outside while I waits: maps, network. */
  @FunctionalInterface
  public interface Meeting {
    /** Called when M exists, while it makes I and its namespaces: for work that needs no pid. */
    default void begin() throws IOException {}

    /**
     * @param point the number in the plan's SYNC
     * @param initPid I, as this process sees it
     */
    void at(int point, int initPid) throws IOException;

    /** Called when the launch has failed, while M waits: before it becomes what follows the end. */
    default void failed() throws IOException {}
  }

  /**
   * What to launch.
   *
   * @param id the container's id, shown in the monitor's command line
   * @param plan what M and I do
   * @param stdio what I's standard input and output are
   * @param descriptors by slot: of a container {@link Slot#RUN_DIRECTORY}, where the monitor writes
   *     the exit record, and {@link Slot#LIFE}, a file locked by flock(2) through it, whose lock
   *     lives as long as the monitor; and what the plan uses beside
   * @param monitor what the monitor does beyond watching
   * @param record of a command that joins, instead of a run directory: a file to which the monitor
   *     appends the lines {@code pid} and {@code exit} would have; of a lock that is held through
   *     it the monitor has a share
   */
  public record Request(
      String id,
      LaunchPlan plan,
      Stdio stdio,
      Map<Integer, Fd> descriptors,
      MonitorOptions monitor,
      Optional<Fd> record) {

    /** Without a file for records. */
    public Request(
        String id,
        LaunchPlan plan,
        Stdio stdio,
        Map<Integer, Fd> descriptors,
        MonitorOptions monitor) {
      this(id, plan, stdio, descriptors, monitor, Optional.empty());
    }

    /** With a monitor that only watches. */
    public Request(String id, LaunchPlan plan, Stdio stdio, Map<Integer, Fd> descriptors) {
      this(id, plan, stdio, descriptors, MonitorOptions.NONE);
    }
  }

  /**
   * A container whose command runs, and whose monitor has written so.
   *
   * @param monitorPid M
   * @param monitor a pidfd of M, to be waited for when the container has ended
   * @param initPid I
   * @param client the attached socket
   * @param steps what M and I recorded
   */
  public record Launched(
      int monitorPid, Fd monitor, int initPid, MonitorClient client, List<Recording.Entry> steps) {}

  private Launcher() {}

  /**
   * Launches; comes back when the command has been executed.
   *
   * @throws LaunchException when a step of M or I failed
   * @throws IOException when {@code meeting} failed, as it threw it; nothing of the launch is left
   */
  public static Launched launch(Request request, Meeting meeting, List<Recording.Entry> failure)
      throws IOException {
    MonitorImage image = MonitorImage.get();
    try (RecordingPage page = RecordingPage.create(request.plan());
        Ends ends = new Ends(request)) {
      int[] slots = slots(request, image, page, ends);
      Fd plan = null;
      if (execsBeforeClone(request.plan())) {
        plan = MonitorImage.sealed("mydocker-plan", request.plan().toBytes());
        slots[Slot.PLAN] = plan.number();
      }
      int[] out = new int[2];
      if (request.record().isPresent()) {
        // On its way while M and I are cloned, it is among the descriptors of neither.
        MonitorClient.record(ends.client(), request.record().get());
      }
      try {
        byte[] bytes = bind(request, page).toBytes();
        KernelException.check(Linux.launch(bytes, slots, out), "clone3", request.id());
      } finally {
        if (plan != null) {
          plan.close();
        }
      }
      Fd monitor = Fd.of(out[1], "clone3", "monitor of " + request.id());
      ends.closeTheirs();
      MonitorClient client = new MonitorClient(ends.takeClient());
      try {
        meeting.begin();
        meet(ends.sync(), page, meeting);
        RecordingPage.Snapshot done = page.read();
        requireExecuted(request.plan(), done);
        if (!client.awaitReady()) {
          throw LaunchException.vanished();
        }
        return new Launched(out[0], monitor, done.initPid(), client, done.entries());
      } catch (IOException | RuntimeException e) {
        try {
          meeting.failed();
        } catch (IOException second) {
          e.addSuppressed(second);
        }
        client.close();
        ends.closeOurs();
        awaitEnd(monitor);
        failure.addAll(page.read().entries());
        monitor.close();
        throw e;
      }
    }
  }

  /** The recording's descriptor is known only now: it is the third word of the monitor's argv. */
  private static LaunchPlan bind(Request request, RecordingPage page) {
    List<Step> monitor = new ArrayList<>();
    for (Step step : request.plan().monitor()) {
      monitor.add(step.op() == Op.EXEC_MONITOR ? withWords(step, page, request.monitor()) : step);
    }
    return new LaunchPlan(monitor, request.plan().init());
  }

  private static Step withWords(Step step, RecordingPage page, MonitorOptions options) {
    List<String> argv = new ArrayList<>(((Arg.Texts) step.args().get(1)).values());
    argv.add(Integer.toString(page.memfd().number()));
    argv.addAll(options.words());
    return new Step(
        step.op(),
        List.of(step.args().get(0), new Arg.Texts(argv), step.args().get(2)),
        step.why());
  }

  private static boolean execsBeforeClone(LaunchPlan plan) {
    return plan.monitor().get(0).op() == Op.EXEC_MONITOR;
  }

  private static int[] slots(Request request, MonitorImage image, RecordingPage page, Ends ends) {
    int[] slots = new int[Slot.COUNT];
    Arrays.fill(slots, -1);
    slots[Slot.RECORDING] = page.memfd().number();
    slots[Slot.MONITOR_IMAGE] = image.memfd().number();
    request.monitor().listener().ifPresent(fd -> slots[Slot.LISTEN] = fd.number());
    request.monitor().log().ifPresent(log -> slots[Slot.LOG] = log.directory().number());
    ends.fill(slots);
    request.descriptors().forEach((slot, fd) -> slots[slot] = fd.number());
    return slots;
  }

  /** Answers I's bytes until it closes the socket, which its execve does, or its end. */
  private static void meet(Fd sync, RecordingPage page, Meeting meeting) throws IOException {
    byte[] one = new byte[1];
    for (; ; ) {
      int n = Linux.read(sync.number(), one, 0, 1);
      if (n == 0 || n == -Errno.ECONNRESET.number()) {
        return;
      }
      KernelException.check(n, "read", "sync socket");
      meeting.at(one[0] & 0xff, page.read().initPid());
      n = Linux.send(sync.number(), one, 0, 1);
      if (n == -Errno.EPIPE.number() || n == -Errno.ECONNRESET.number()) {
        return;
      }
      KernelException.check(n, "send", "sync socket");
    }
  }

  private static void requireExecuted(LaunchPlan plan, RecordingPage.Snapshot done)
      throws LaunchException {
    if (done.failed() >= 0) {
      Step step = plan.steps().get(done.failed());
      throw LaunchException.at(step, (int) -done.result(done.failed()));
    }
    if (!done.executed()) {
      throw LaunchException.vanished();
    }
  }

  /** Waits for M, which ends as soon as I has and nobody is attached. */
  private static void awaitEnd(Fd monitor) throws KernelException {
    KernelException.check(
        Linux.waitPidfd(monitor.number(), true, new int[2]), "waitid", monitor.name());
  }

  /** Both ends of every socket and pipe of one launch. */
  private static final class Ends implements AutoCloseable {
    private final List<Fd> ours = new ArrayList<>();
    private final List<Fd> theirs = new ArrayList<>();
    private final int[] slots = new int[Slot.COUNT];
    private Fd client;
    private Fd sync;

    Ends(Request request) throws KernelException {
      Stdio stdio = request.stdio();
      Arrays.fill(slots, -1);
      try {
        client = socketpair(Slot.CLIENT);
        sync = socketpair(Slot.SYNC);
        if (stdio instanceof Stdio.Streams streams) {
          if (streams.stdin()) {
            pipe(Slot.STDIN, Slot.TO_STDIN);
          }
          pipe(Slot.FROM_STDOUT, Slot.STDOUT);
          pipe(Slot.FROM_STDERR, Slot.STDERR);
        } else {
          bothEnds(Slot.CONSOLE_OUT, Slot.CONSOLE_IN);
        }
        if (request.plan().handsOver()) {
          bothEnds(Slot.GIVE, Slot.TAKE);
        }
        boolean view = request.monitor().view().isPresent();
        if (view || request.plan().isServed()) {
          bothEnds(Slot.VIEW_OUT, Slot.VIEW_IN);
        }
        if (view && !request.plan().handsOver()) {
          // Mounted in the user namespace of who opens it: of another one M has it opened.
          // Closed here once M has it: as long as it is open, no reader learns of M's end.
          byte[] device = "/dev/fuse".getBytes(StandardCharsets.US_ASCII);
          int fd = Linux.openat2(Linux.AT_FDCWD, device, Linux.O_RDWR, 0, 0);
          hold(Slot.VIEW, KernelException.check(fd, "open", "/dev/fuse"));
        }
      } catch (KernelException e) {
        close();
        throw e;
      }
    }

    /** A socket of which others have both ends. */
    private void bothEnds(int out, int in) throws KernelException {
      int[] pair = new int[2];
      KernelException.check(Linux.socketpair(pair, false), "socketpair", Slot.name(out));
      hold(out, pair[0]);
      hold(in, pair[1]);
    }

    private Fd socketpair(int slot) throws KernelException {
      int[] pair = new int[2];
      KernelException.check(Linux.socketpair(pair, false), "socketpair", Slot.name(slot));
      hold(slot, pair[1]);
      Fd mine = Fd.of(pair[0], "socketpair", Slot.name(slot));
      ours.add(mine);
      return mine;
    }

    private void pipe(int reader, int writer) throws KernelException {
      int[] pair = new int[2];
      KernelException.check(Linux.pipe2(pair), "pipe2", Slot.name(writer));
      hold(reader, pair[0]);
      hold(writer, pair[1]);
    }

    private void hold(int slot, int fd) throws KernelException {
      theirs.add(Fd.of(fd, "socketpair", Slot.name(slot)));
      slots[slot] = fd;
    }

    void fill(int[] out) {
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] >= 0) {
          out[i] = slots[i];
        }
      }
    }

    Fd sync() {
      return sync;
    }

    Fd client() {
      return client;
    }

    /** The client's end, which the caller owns now. */
    Fd takeClient() {
      ours.remove(client);
      return client;
    }

    void closeTheirs() {
      theirs.forEach(Fd::close);
    }

    void closeOurs() {
      ours.forEach(Fd::close);
    }

    @Override
    public void close() {
      closeTheirs();
      closeOurs();
    }
  }
}

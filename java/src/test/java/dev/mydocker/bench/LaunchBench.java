package dev.mydocker.bench;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exec;
import dev.mydocker.engine.Running;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.RunOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times launches of /bin/true from a warm JVM: whole containers (record, cgroup, launch, exit,
 * clean-up), or commands that join one.
 *
 * <p>Arguments: the image, the number of timed runs, the MiB of heap that are in use meanwhile, and
 * {@code run} or {@code exec}; with {@code run} networks, {@code none} when there are no more. They
 * are taken in turns. Prints for each the median in milliseconds, and that until its command ran.
 */
public final class LaunchBench {
  private static final int WARM_UP = 200;
  private static final int SIGKILL = 9;

  /**
   * Small enough that G1 does not give each one regions of its own, which would fill twice as much.
   */
  private static final int BLOCK = 64 << 10;

  private static final Output NOTHING =
      new Output() {
        @Override
        public void stdout(byte[] buffer, int offset, int length) {}

        @Override
        public void stderr(byte[] buffer, int offset, int length) {}
      };

  private LaunchBench() {}

  public static void main(String[] arguments) throws Exception {
    int runs = Integer.parseInt(arguments[1]);
    List<byte[]> heap = fill(Integer.parseInt(arguments[2]));
    Engine engine = Engine.open(System.getenv());
    if (arguments[3].equals("run")) {
      List<Action> actions = new ArrayList<>();
      for (String network : networks(arguments)) {
        CreateRequest request = request(arguments[0], network, "/bin/true");
        actions.add(() -> run(engine, request));
      }
      time(runs, actions);
    } else {
      Container container =
          engine.create(request(arguments[0], "none", "sleep", "1000"), PullListener.NONE);
      try (Running box = container.start(new Stdio.Streams(false))) {
        time(runs, List.of(() -> exec(container)));
        box.signal(SIGKILL);
        box.relay(NOTHING);
      }
    }
    if (heap.size() > runs * BLOCK) {
      throw new AssertionError("kept only so that the heap is in use until here");
    }
  }

  /** What is timed. */
  @FunctionalInterface
  private interface Action {
    /** Gives the moment when its command had been executed, as {@link System#nanoTime} tells it. */
    long run() throws Exception;
  }

  private static List<String> networks(String[] arguments) {
    List<String> rest = List.of(arguments).subList(4, arguments.length);
    return rest.isEmpty() ? List.of("none") : rest;
  }

  private static void time(int runs, List<Action> actions) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      actions.get(i % actions.size()).run();
    }
    long[][] times = new long[actions.size()][runs];
    long[][] starts = new long[actions.size()][runs];
    for (int i = 0; i < runs; i++) {
      for (int action = 0; action < times.length; action++) {
        long start = System.nanoTime();
        starts[action][i] = actions.get(action).run() - start;
        times[action][i] = System.nanoTime() - start;
      }
    }
    for (int action = 0; action < times.length; action++) {
      System.out.printf("%.3f %.3f%n", median(times[action]), median(starts[action]));
    }
  }

  private static double median(long[] nanoseconds) {
    Arrays.sort(nanoseconds);
    return nanoseconds[nanoseconds.length / 2] / 1e6;
  }

  private static CreateRequest request(String image, String network, String... command)
      throws Exception {
    return new CreateRequest(
        RunOptions.builder(image)
            .network(NetworkMode.parse(network))
            .command(List.of(command))
            .remove(true)
            .build(),
        Platform.host(),
        PullPolicy.MISSING);
  }

  private static long run(Engine engine, CreateRequest request) throws Exception {
    Container container = engine.create(request, PullListener.NONE);
    try (Running running = container.start(new Stdio.Streams(false))) {
      long started = System.nanoTime();
      await(running);
      return started;
    }
  }

  private static long exec(Container container) throws Exception {
    try (Exec exec = container.exec(ExecOptions.of(List.of("/bin/true")));
        Running running = exec.start(new Stdio.Streams(false))) {
      long started = System.nanoTime();
      await(running);
      return started;
    }
  }

  private static void await(Running running) throws Exception {
    int code = running.relay(NOTHING).code();
    if (code != 0) {
      throw new IllegalStateException("/bin/true gave " + code);
    }
  }

  private static List<byte[]> fill(int mebibytes) {
    List<byte[]> blocks = new ArrayList<>();
    for (int i = 0; i < mebibytes * 16; i++) {
      byte[] block = new byte[BLOCK];
      Arrays.fill(block, (byte) i);
      blocks.add(block);
    }
    return blocks;
  }
}

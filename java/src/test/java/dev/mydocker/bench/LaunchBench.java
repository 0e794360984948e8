package dev.mydocker.bench;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.CreateRequest;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Running;
import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.RunOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times whole containers from a warm JVM: record, cgroup, launch of /bin/true, exit, clean-up.
 *
 * <p>Arguments: the image, the number of timed runs, the MiB of heap that are in use meanwhile.
 * Prints the median in milliseconds.
 */
public final class LaunchBench {
  private static final int WARM_UP = 200;

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
    CreateRequest request =
        new CreateRequest(
            RunOptions.builder(arguments[0]).command(List.of("/bin/true")).remove(true).build(),
            Platform.host(),
            PullPolicy.MISSING);
    for (int i = 0; i < WARM_UP; i++) {
      run(engine, request);
    }
    long[] times = new long[runs];
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      run(engine, request);
      times[i] = System.nanoTime() - start;
    }
    Arrays.sort(times);
    System.out.printf("%.3f%n", times[runs / 2] / 1e6);
    if (heap.size() > runs * BLOCK) {
      throw new AssertionError("kept only so that the heap is in use until here");
    }
  }

  private static void run(Engine engine, CreateRequest request) throws Exception {
    Container container = engine.create(request, PullListener.NONE);
    try (Running running = container.start(new Stdio.Streams(false))) {
      int code = running.relay(NOTHING).code();
      if (code != 0) {
        throw new IllegalStateException("/bin/true gave " + code);
      }
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

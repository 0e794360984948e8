package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.RunOptions;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Many containers at once from one JVM whose collector never rests. A process of its own, so that
 * what it holds of the kernel before and after can be compared: ends with 0 when all is well.
 *
 * <p>Arguments: the image, the number of containers, the number of threads.
 */
final class ManyLaunches {
  private static final int PAUSE_MILLISECONDS = 5;

  private ManyLaunches() {}

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    int threads = Integer.parseInt(arguments[2]);
    Engine engine = Engine.open(System.getenv());
    CreateRequest request =
        new CreateRequest(
            RunOptions.builder(arguments[0]).command(List.of("echo", "hello")).remove(true).build(),
            Platform.host(),
            PullPolicy.MISSING);
    AtomicBoolean done = new AtomicBoolean();
    Thread garbage = new Thread(() -> collect(done));
    garbage.start();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      launch(pool, engine, request, threads);
      Map<String, Integer> before = Remains.held();
      Map<String, String> stateBefore = processWideState();
      launch(pool, engine, request, count);
      Map<String, Integer> after = Remains.held();
      if (!before.equals(after)) {
        throw new IllegalStateException("held before: " + before + "\nheld after:  " + after);
      }
      if (!stateBefore.equals(processWideState())) {
        throw new IllegalStateException("was: " + stateBefore + "\nis: " + processWideState());
      }
      System.out.println("launched " + count);
    } finally {
      done.set(true);
      garbage.join();
      pool.shutdown();
    }
  }

  /**
   * What a launch needs otherwise and may not change in a JVM, of which it is one thread's work.
   */
  private static Map<String, String> processWideState() throws IOException {
    Map<String, String> state = new TreeMap<>();
    Set<String> kept =
        Set.of("Umask", "Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "SigIgn", "SigCgt");
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      String name = line.substring(0, line.indexOf(':'));
      if (kept.contains(name) || name.startsWith("Cap") || name.startsWith("Cpus")) {
        state.put(name, line);
      }
    }
    state.put("cwd", Files.readSymbolicLink(Path.of("/proc/self/cwd")).toString());
    state.put("root", Files.readSymbolicLink(Path.of("/proc/self/root")).toString());
    state.put("limits", Files.readString(Path.of("/proc/self/limits")));
    for (String task : new File("/proc/self/task").list()) {
      for (String kind : List.of("mnt", "net", "pid_for_children", "uts", "ipc", "user")) {
        try {
          Path link = Path.of("/proc/self/task", task, "ns", kind);
          state.merge(kind, Files.readSymbolicLink(link).toString(), ManyLaunches::both);
        } catch (NoSuchFileException ended) {
          continue;
        }
      }
    }
    return state;
  }

  private static String both(String one, String other) {
    return one.equals(other) ? one : one + " and " + other;
  }

  private static void launch(ExecutorService pool, Engine engine, CreateRequest request, int count)
      throws Exception {
    List<Future<Void>> all = new ArrayList<>();
    Callable<Void> one =
        () -> {
          launch(engine, request);
          return null;
        };
    for (int i = 0; i < count; i++) {
      all.add(pool.submit(one));
    }
    for (Future<Void> each : all) {
      each.get();
    }
  }

  private static void launch(Engine engine, CreateRequest request) throws Exception {
    Container container = engine.create(request, PullListener.NONE);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (Running running = container.start(new Stdio.Streams(false))) {
      Exit exit =
          running.relay(
              new Output() {
                @Override
                public void stdout(byte[] buffer, int offset, int length) {
                  text.write(buffer, offset, length);
                }

                @Override
                public void stderr(byte[] buffer, int offset, int length) {
                  text.write(buffer, offset, length);
                }
              });
      if (exit.code() != 0 || !text.toString().equals("hello\n")) {
        throw new IllegalStateException(container.id() + ": " + exit + " " + text);
      }
    }
    List<String> cgroups = Remains.cgroups(container.id());
    if (!cgroups.isEmpty()) {
      throw new IllegalStateException("left: " + cgroups);
    }
  }

  /** Objects of all sizes, some of which live on for a while, and a full collection each time. */
  private static void collect(AtomicBoolean done) {
    byte[][] living = new byte[512][];
    int next = 0;
    while (!done.get()) {
      for (int i = 0; i < 256; i++) {
        living[next++ % living.length] = new byte[64 + i * 256];
      }
      System.gc();
      try {
        Thread.sleep(PAUSE_MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}

package dev.mydocker.testing;

import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.launch.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A container, or a command that has joined one, its output gathered; killed when a test lets go of
 * it.
 */
public final class TestContainer implements AutoCloseable {
  /** A test that waits this long has failed; on a busy machine a launch may take seconds. */
  private static final int PATIENCE_SECONDS = 60;

  private static final int SIGKILL = 9;

  private final String id;
  private final Running running;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();

  TestContainer(String id, Running running) {
    this.id = id;
    this.running = running;
    Thread relay = new Thread(this::relay, "output of " + id);
    relay.setDaemon(true);
    relay.start();
  }

  private void relay() {
    try {
      exit.complete(running.relay(new Gathered()));
    } catch (IOException | RuntimeException | Error e) {
      exit.completeExceptionally(e);
    } finally {
      synchronized (out) {
        out.notifyAll();
      }
    }
  }

  private final class Gathered implements Output {
    @Override
    public void stdout(byte[] buffer, int offset, int length) {
      synchronized (out) {
        out.write(buffer, offset, length);
        out.notifyAll();
      }
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) {
      synchronized (out) {
        err.write(buffer, offset, length);
      }
    }
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /** Its first process, as the host sees it. */
  public int pid() {
    return running.pid();
  }

  /** A namespace of its first process: {@code uts:[4026532178]}. */
  public String namespace(String kind) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/" + pid() + "/ns/" + kind)).toString();
  }

  /** The cgroup of its first process in the v1 hierarchy of that controller, or the v2 one. */
  public Path cgroup(String controller) throws IOException {
    Path v1 = Path.of("/sys/fs/cgroup", controller, "mydocker", id);
    return Files.exists(v1) ? v1 : Path.of("/sys/fs/cgroup/mydocker", id);
  }

  public void signal(int number) throws IOException {
    running.signal(number);
  }

  public void stdin(byte[] bytes) throws IOException {
    running.stdin(bytes, 0, bytes.length);
  }

  public void closeStdin() throws IOException {
    running.closeStdin();
  }

  public void resize(int rows, int columns) throws IOException {
    running.resize(rows, columns);
  }

  /** Lets go of it: {@link #end} fails, and it goes on. */
  public void detach() {
    running.detach();
  }

  /** What it has written so far. */
  public String out() {
    synchronized (out) {
      return out.toString(StandardCharsets.UTF_8);
    }
  }

  /** The bytes it has written so far. */
  public byte[] bytes() {
    synchronized (out) {
      return out.toByteArray();
    }
  }

  /** Waits until its output has that text in it. */
  public TestContainer await(String text) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (out) {
      while (!out().contains(text)) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (exit.isDone() || left <= 0) {
          throw new IOException("no \"" + text + "\" in the output \"" + out() + "\", " + err);
        }
        pause(left);
      }
    }
    return this;
  }

  private void pause(long milliseconds) throws IOException {
    try {
      out.wait(milliseconds);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Waits for its end. */
  public TestEngine.Result end() throws IOException {
    try {
      Exit how = exit.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      synchronized (out) {
        return new TestEngine.Result(id, how, out(), err.toString(StandardCharsets.UTF_8));
      }
    } catch (TimeoutException | InterruptedException e) {
      throw new IOException("it has not ended; its output so far: " + out(), e);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  @Override
  public void close() throws IOException {
    if (!exit.isDone()) {
      running.signal(SIGKILL);
      end();
    }
    running.close();
  }
}

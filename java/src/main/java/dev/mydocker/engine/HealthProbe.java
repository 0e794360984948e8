package dev.mydocker.engine;

import dev.mydocker.image.GoDuration;
import dev.mydocker.launch.MonitorOptions;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The program by which a monitor looks at its container's health, once: it runs the check as {@code
 * exec} would, writes down what came of it, and says how soon the next one is wanted.
 */
public final class HealthProbe {
  /** In bytes; as with Docker. */
  private static final int LONGEST_OUTPUT = 4096;

  private static final int FAILED = -1;
  private static final int SIGKILL = 9;

  /** How long the kernel may take to end a check that it has killed. */
  private static final int END_MILLISECONDS = 2_000;

  private final Container container;
  private final HealthCheck check;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private boolean cut;
  private boolean over;
  private Optional<Running> running = Optional.empty();
  private Optional<Integer> code = Optional.empty();
  private String failure = "";

  private HealthProbe(Container container, HealthCheck check) {
    this.container = container;
    this.check = check;
  }

  /** What a monitor is told that is to be started now. */
  static MonitorOptions.Health options(Roots roots, String id, HealthCheck said)
      throws IOException {
    HealthCheck check = said.complete();
    boolean starting = !check.startPeriod().isZero();
    return new MonitorOptions.Health(
        OwnProgram.command(HealthProbe.class, roots, id, Long.toString(System.nanoTime())),
        starting ? check.startInterval() : check.interval(),
        check.interval(),
        check.startInterval());
  }

  /**
   * Looks once. {@link System#nanoTime} is the host's CLOCK_MONOTONIC, so it can be compared.
   *
   * @param arguments the state root, the run root, the container's id, when it was started
   */
  public static void main(String[] arguments) throws IOException {
    long started = Long.parseLong(arguments[3]);
    boolean starting = OwnProgram.engine(arguments).checkHealth(arguments[2], started);
    // Whatever is left of a check that could not be ended is not waited for.
    Runtime.getRuntime().halt(starting ? MonitorOptions.Health.STARTING : 0);
  }

  /**
   * Runs a container's check and writes down what came of it; nothing when the container is paused
   * before or meanwhile, or has ended.
   *
   * @param started when it was, as System.nanoTime counts
   * @return whether it is still starting, in its start period
   */
  static boolean look(Home home, Container container, long started) throws IOException {
    ContainerInfo now = container.info();
    HealthCheck check = now.settings().health().orElse(HealthCheck.NONE).complete();
    boolean forgiven = isBefore(started, check.startPeriod());
    Health health = now.health().orElse(Health.STARTING);
    if (check.checks() && now.state() == ContainerState.RUNNING) {
      Health.Check done = new HealthProbe(container, check).run();
      if (container.info().state() == ContainerState.RUNNING) {
        health = HealthFile.add(home, container.id(), done, check.retries(), forgiven);
      }
    }
    return health.status() == HealthStatus.STARTING && isBefore(started, check.startPeriod());
  }

  private static boolean isBefore(long started, Duration period) {
    return System.nanoTime() - started < period.toNanos();
  }

  /** In a thread of its own: what waits for a container that is frozen cannot be interrupted. */
  private Health.Check run() {
    Instant start = Instant.now();
    Thread command = new Thread(this::execute, "health check");
    command.setDaemon(true);
    command.start();
    await(command, check.timeout().toMillis());
    boolean late = expire();
    if (late) {
      await(command, END_MILLISECONDS);
    }
    return result(start, late);
  }

  private static void await(Thread thread, long milliseconds) {
    try {
      thread.join(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void execute() {
    try (Exec exec = container.exec(ExecOptions.of(check.command()));
        Running command = exec.start(new Stdio.Streams(false))) {
      started(command);
      ended(command.relay(new Printed()).code());
    } catch (IOException | OptionException | RuntimeException e) {
      failed(String.valueOf(e.getMessage()));
    }
  }

  private synchronized void started(Running command) throws IOException {
    running = Optional.of(command);
    if (over) {
      command.signalGroup(SIGKILL);
    }
  }

  private synchronized void ended(int exitCode) {
    code = Optional.of(exitCode);
  }

  private synchronized void failed(String message) {
    code = Optional.of(FAILED);
    failure = message;
  }

  /** Whether it is late: it has not ended, and is killed now. */
  private synchronized boolean expire() {
    over = true;
    try {
      if (code.isEmpty() && running.isPresent()) {
        running.get().signalGroup(SIGKILL);
      }
    } catch (IOException gone) {
      // With its monitor, and so is the command.
    }
    return code.isEmpty();
  }

  private synchronized Health.Check result(Instant start, boolean late) {
    String output = printed.toString(StandardCharsets.UTF_8) + (cut ? "..." : "");
    if (late) {
      String limit = "Health check exceeded timeout (" + GoDuration.text(check.timeout()) + ")";
      output = output.isEmpty() ? limit : limit + ": " + output;
    } else if (!failure.isEmpty()) {
      output = failure;
    }
    return new Health.Check(start, Instant.now(), late ? FAILED : code.orElse(FAILED), output);
  }

  private final class Printed implements Output {
    @Override
    public void stdout(byte[] buffer, int offset, int length) {
      synchronized (HealthProbe.this) {
        int taken = Math.min(length, LONGEST_OUTPUT - printed.size());
        printed.write(buffer, offset, taken);
        cut |= taken < length;
      }
    }

    @Override
    public void stderr(byte[] buffer, int offset, int length) {
      stdout(buffer, offset, length);
    }
  }
}

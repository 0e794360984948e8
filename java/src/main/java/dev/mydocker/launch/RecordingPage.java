package dev.mydocker.launch;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that M and I write their records into, {@code struct recording} of native/plan.h: a
 * memfd that they map and the JVM reads.
 */
final class RecordingPage implements AutoCloseable {
  private static final int HEADER = 16 + 4 * Slot.COUNT + 56;
  private static final int RECORD = 32;

  private final LaunchPlan plan;
  private final Fd memfd;

  private RecordingPage(LaunchPlan plan, Fd memfd) {
    this.plan = plan;
    this.memfd = memfd;
  }

  static RecordingPage create(LaunchPlan plan) throws KernelException {
    byte[] name = "mydocker-recording".getBytes(StandardCharsets.US_ASCII);
    Fd memfd = Fd.of(Linux.memfdCreate(name), "memfd_create", "mydocker-recording");
    long size = HEADER + (long) RECORD * (plan.monitor().size() + plan.init().size());
    try {
      KernelException.check(Linux.ftruncate(memfd.number(), size), "ftruncate", memfd.name());
      return new RecordingPage(plan, memfd);
    } catch (KernelException e) {
      memfd.close();
      throw e;
    }
  }

  Fd memfd() {
    return memfd;
  }

  /** What stands in the page now. */
  Snapshot read() throws KernelException {
    int size = HEADER + RECORD * (plan.monitor().size() + plan.init().size());
    byte[] bytes = new byte[size];
    KernelException.check(Linux.lseek(memfd.number(), 0, 0), "lseek", memfd.name());
    for (int done = 0; done < size; ) {
      int n = Linux.read(memfd.number(), bytes, done, size - done);
      done += KernelException.check(n, "read", memfd.name());
    }
    return new Snapshot(plan, ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()));
  }

  @Override
  public void close() {
    memfd.close();
  }

  /** The page at one moment. */
  record Snapshot(LaunchPlan plan, ByteBuffer bytes) {

    /** I's pid as the JVM sees it; 0 before it exists. */
    int initPid() {
      return bytes.getInt(4);
    }

    /** Index of the step that failed, -1 for none. */
    int failed() {
      return bytes.getInt(12) - 1;
    }

    long start(int step) {
      return bytes.getLong(HEADER + step * RECORD);
    }

    long end(int step) {
      return bytes.getLong(HEADER + step * RECORD + 8);
    }

    long result(int step) {
      return bytes.getLong(HEADER + step * RECORD + 16);
    }

    /** Whether I's last operation, its execve, has begun and not come back. */
    boolean executed() {
      int last = plan.monitor().size() + plan.init().size() - 1;
      return failed() < 0 && start(last) != 0 && end(last) == 0;
    }

    List<Recording.Entry> entries() {
      List<Recording.Entry> out = new ArrayList<>();
      List<Step> steps = plan.steps();
      for (int i = 0; i < steps.size(); i++) {
        if (start(i) == 0) {
          continue;
        }
        Step step = steps.get(i);
        Recording.Who who = i < plan.monitor().size() ? Recording.Who.MONITOR : Recording.Who.INIT;
        out.add(
            new Recording.Entry(
                who, step.op().call(), step.shown(), step.why(), result(i), start(i), end(i)));
      }
      return out;
    }
  }
}

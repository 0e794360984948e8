package dev.mydocker.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All that M and I will do, decided beforehand and written as data.
 *
 * @param monitor the operations of M, the container's parent; its exec into the static monitor may
 *     stand before the clone (a launch that joins a PID namespace) or after it
 * @param init the operations of I, the container's first process, the last one its execve
 */
public record LaunchPlan(List<Step> monitor, List<Step> init) {
  private static final int MAGIC = 0x4d44504c;
  private static final int VERSION = 1;
  private static final int HEADER = 32;
  private static final int OP_SIZE = 64;

  public LaunchPlan {
    monitor = List.copyOf(monitor);
    init = List.copyOf(init);
  }

  /** All steps in the order of their records: M's, then I's. */
  public List<Step> steps() {
    List<Step> all = new ArrayList<>(monitor);
    all.addAll(init);
    return all;
  }

  /** Whether M hands over to I what I has no privileges for. */
  boolean handsOver() {
    for (Step step : monitor) {
      if (step.op() == Op.RECV_FD) {
        return true;
      }
    }
    return false;
  }

  /** Whether I sends the monitor what it is to serve. */
  boolean isServed() {
    for (Step step : init) {
      if (step.op() == Op.SEND_FD && step.args().get(0).equals(Arg.fd(Slot.VIEW_OUT))) {
        return true;
      }
    }
    return false;
  }

  /** The plan as native/plan.h reads it, in this machine's byte order. */
  public byte[] toBytes() {
    return new Writer().write();
  }

  /** Lays out header, operations and the data they point at. */
  private final class Writer {
    private final List<Step> steps = steps();
    private ByteBuffer out =
        ByteBuffer.allocate(HEADER + steps.size() * OP_SIZE + 16384).order(ByteOrder.nativeOrder());
    private final Map<String, Long> strings = new HashMap<>();

    byte[] write() {
      out.position(HEADER + steps.size() * OP_SIZE);
      for (int i = 0; i < steps.size(); i++) {
        writeOp(HEADER + i * OP_SIZE, steps.get(i));
      }
      align();
      int size = out.position();
      out.putInt(0, MAGIC).putInt(4, VERSION).putInt(8, size);
      out.putInt(12, monitor.size()).putInt(16, init.size());
      return Arrays.copyOf(out.array(), size);
    }

    private void writeOp(int at, Step step) {
      long[] values = new long[step.args().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(step.args().get(i), step.op().arguments().charAt(i));
      }
      out.putInt(at, step.op().ordinal());
      for (int i = 0; i < values.length; i++) {
        out.putLong(at + 8 + 8 * i, values[i]);
      }
    }

    private long value(Arg arg, char kind) {
      if (arg instanceof Arg.Text t) {
        return string(t.value());
      } else if (arg instanceof Arg.Number n) {
        return n.value();
      } else if (arg instanceof Arg.Fd f) {
        return f.slot();
      } else if (arg instanceof Arg.Texts v) {
        return vector(v.values());
      } else if (arg instanceof Arg.Bytes b) {
        return blob(b.value());
      }
      return kind == 'F' ? -1 : 0;
    }

    private long string(String text) {
      Long known = strings.get(text);
      if (known != null) {
        return known;
      }
      if (text.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("a string of a plan has a NUL character in it");
      }
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      reserve(bytes.length + 1);
      long at = out.position();
      out.put(bytes).put((byte) 0);
      strings.put(text, at);
      return at;
    }

    /** Count, offsets, and the zero that becomes the array's null pointer. */
    private long vector(List<String> values) {
      long[] offsets = new long[values.size()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = string(values.get(i));
      }
      align();
      reserve(8 * (offsets.length + 2));
      long at = out.position();
      out.putLong(offsets.length);
      for (long offset : offsets) {
        out.putLong(offset);
      }
      out.putLong(0);
      return at;
    }

    private long blob(byte[] bytes) {
      align();
      reserve(8 + bytes.length);
      long at = out.position();
      out.putLong(bytes.length).put(bytes);
      return at;
    }

    private void align() {
      reserve(8);
      out.position((out.position() + 7) & ~7);
    }

    private void reserve(int more) {
      if (out.remaining() < more + 8) {
        ByteBuffer larger =
            ByteBuffer.allocate(2 * out.capacity() + more).order(ByteOrder.nativeOrder());
        out.flip();
        larger.put(out);
        out = larger;
      }
    }
  }
}

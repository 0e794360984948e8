package dev.mydocker.image;

import dev.mydocker.kernel.Inflate;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** A decoder of raw deflate data (RFC 1951), fed piece by piece. */
interface Inflating extends AutoCloseable {

  /** ISA-L's where this build has it, else the JDK's. */
  static Inflating open() {
    Optional<Inflate> fast = Inflate.open();
    return fast.isPresent() ? new Fast(fast.get()) : new Plain();
  }

  /** Gets ready for other data. */
  void reset();

  /**
   * Decodes {@code in[at, end)} into {@code out[offset, offset + length)}.
   *
   * @return bytes written
   */
  int inflate(byte[] in, int at, int end, byte[] out, int offset, int length)
      throws DataFormatException;

  /**
   * Bytes of the input that the last call is done with; at the end of the data down to -8, for
   * bytes of earlier calls that belong to what follows.
   */
  int consumed();

  /** Whether the data's end has been decoded. */
  boolean finished();

  @Override
  void close();

  /** ISA-L's. */
  record Fast(Inflate inflate) implements Inflating {
    @Override
    public void reset() {
      inflate.reset();
    }

    @Override
    public int inflate(byte[] in, int at, int end, byte[] out, int offset, int length)
        throws DataFormatException {
      int n = inflate.inflate(in, at, end, out, offset, length);
      if (n < 0) {
        throw new DataFormatException();
      }
      return n;
    }

    @Override
    public int consumed() {
      return inflate.consumed();
    }

    @Override
    public boolean finished() {
      return inflate.finished();
    }

    @Override
    public void close() {
      inflate.close();
    }
  }

  /** The JDK's. */
  final class Plain implements Inflating {
    private final Inflater inflater = new Inflater(true);
    private int consumed;

    @Override
    public void reset() {
      inflater.reset();
    }

    @Override
    public int inflate(byte[] in, int at, int end, byte[] out, int offset, int length)
        throws DataFormatException {
      inflater.setInput(in, at, end - at);
      int n = inflater.inflate(out, offset, length);
      consumed = end - at - inflater.getRemaining();
      return n;
    }

    @Override
    public int consumed() {
      return consumed;
    }

    @Override
    public boolean finished() {
      return inflater.finished();
    }

    @Override
    public void close() {
      inflater.end();
    }
  }
}

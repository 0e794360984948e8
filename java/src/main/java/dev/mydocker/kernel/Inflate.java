package dev.mydocker.kernel;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/**
 * A decoder of raw deflate data (RFC 1951): ISA-L's, which is several times as fast as the JDK's.
 * Its state is outside the heap until {@link #close}. May be closed by one thread while another
 * decodes.
 */
public final class Inflate implements AutoCloseable {
  private final int[] result = new int[2];
  private long handle;
  private int consumed;
  private boolean finished;

  /** Loaded by the first decoder. */
  private static final class Library {
    static final boolean LOADED = load();

    /** A build without ISA-L, or a C library that is older than its: then there is none. */
    private static boolean load() {
      try {
        Optional<byte[]> library = NativeLibrary.find("libmydocker-inflate.so");
        if (library.isEmpty()) {
          return false;
        }
        // Loaded before by its file, it is what the other one finds under its name.
        Optional<byte[]> shared = NativeLibrary.find("libisal.so");
        if (shared.isPresent()) {
          NativeLibrary.load("libisal", shared.get());
        }
        NativeLibrary.load("libmydocker-inflate", library.get());
        return true;
      } catch (IOException | UnsatisfiedLinkError e) {
        return false;
      }
    }
  }

  private Inflate(long handle) {
    this.handle = handle;
  }

  /** A new decoder, or empty when this build has none. */
  public static Optional<Inflate> open() {
    if (!Library.LOADED) {
      return Optional.empty();
    }
    long handle = open0();
    return handle == 0 ? Optional.empty() : Optional.of(new Inflate(handle));
  }

  /** Gets ready for other data. */
  public synchronized void reset() {
    reset0(open(handle));
    finished = false;
  }

  /**
   * Decodes a piece of the input into a piece of the output.
   *
   * @param in its bytes from {@code at} on, up to {@code end}, come next; see {@link #consumed}
   * @return bytes written from {@code offset} on, at most {@code length}; -1 when the data is
   *     damaged
   */
  public synchronized int inflate(byte[] in, int at, int end, byte[] out, int offset, int length) {
    Objects.checkFromToIndex(at, end, in.length);
    Objects.checkFromIndexSize(offset, length, out.length);
    int n = step0(open(handle), in, at, end - at, out, offset, length, result);
    consumed = n < 0 ? 0 : result[0];
    finished = n >= 0 && result[1] != 0;
    return n < 0 ? -1 : n;
  }

  /**
   * Bytes of the input that the last call is done with. At the end of the data this may be
   * negative: up to eight bytes of earlier calls belong to what follows.
   */
  public int consumed() {
    return consumed;
  }

  /** Whether the data's end has been decoded. */
  public boolean finished() {
    return finished;
  }

  private static long open(long handle) {
    if (handle == 0) {
      throw new IllegalStateException("the decoder is closed");
    }
    return handle;
  }

  @Override
  public synchronized void close() {
    if (handle != 0) {
      free0(handle);
      handle = 0;
    }
  }

  /** 0 when there is no memory. */
  private static native long open0();

  private static native void free0(long handle);

  private static native void reset0(long handle);

  /** Fills {@code result} with the bytes consumed and whether the data has ended. */
  private static native int step0(
      long handle, byte[] in, int at, int size, byte[] out, int offset, int room, int[] result);
}

package dev.mydocker.image;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.util.Native;
import com.github.luben.zstd.util.ZstdVersion;
import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The content of a zstd file of one or more frames (RFC 8878), decoded by zstd-jni, whose own
 * stream takes a second frame that is cut for the end. Skippable frames are skipped: {@code
 * zstd:chunked} keeps its table in one. Anything else after a frame is an error, as is a window of
 * more than the decoder's own limit, 128 MiB.
 */
final class ZstdInput extends InputStream {
  private static final int BUFFER = 128 * 1024;

  private final InputStream in;
  private final ZstdDecompressCtx decoder;
  private final byte[] compressed = new byte[BUFFER];
  private final ByteBuffer source = ByteBuffer.allocateDirect(BUFFER).limit(0);
  private final ByteBuffer content = ByteBuffer.allocateDirect(BUFFER).limit(0);
  private boolean inFrame = true;
  private boolean closed;

  /** Loaded by the first zstd layer, from this engine's private directory and not from /tmp. */
  private static final class Library {
    private static final String PATH =
        "/linux/" + System.getProperty("os.arch") + "/libzstd-jni-" + ZstdVersion.VERSION + ".so";

    private static synchronized void load() throws IOException {
      if (Native.isLoaded()) {
        return;
      }
      try (InputStream file = ZstdVersion.class.getResourceAsStream(PATH)) {
        if (file == null) {
          throw new ImageException(
              Kind.UNSUPPORTED,
              "it is compressed with zstd, which this build does not read on this architecture");
        }
        NativeLibrary.load("libzstd-jni", file.readAllBytes());
      }
      Native.assumeLoaded();
    }
  }

  /**
   * Takes over {@code in}.
   *
   * @throws IOException when the decoder cannot be loaded
   */
  ZstdInput(InputStream in) throws IOException {
    Library.load();
    this.in = in;
    this.decoder = new ZstdDecompressCtx();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    while (!content.hasRemaining()) {
      // After a full buffer the decoder may hold content back, and needs no input to give it.
      boolean held = inFrame && content.limit() == BUFFER;
      if (!source.hasRemaining() && !held && !fill()) {
        if (inFrame) {
          throw new ImageException(Kind.TRUNCATED, "its zstd data ends early");
        }
        return -1;
      }
      decode();
    }
    int n = Math.min(length, content.remaining());
    content.get(into, offset, n);
    return n;
  }

  private boolean fill() throws IOException {
    int n = in.read(compressed, 0, BUFFER);
    if (n > 0) {
      source.clear().put(compressed, 0, n).flip();
    }
    return n > 0;
  }

  private synchronized void decode() throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
    content.clear();
    try {
      inFrame = !decoder.decompressDirectByteBufferStream(content, source);
    } catch (ZstdException e) {
      // The code is negative here, and positive from other calls of the library.
      boolean window = Math.abs(e.getErrorCode()) == Zstd.errFrameParameterWindowTooLarge();
      throw new ImageException(
          window ? Kind.TOO_LARGE : Kind.NOT_AN_IMAGE,
          window
              ? "its zstd data needs a window of more than 128 MiB"
              : "its zstd data is damaged, or followed by something else",
          e);
    }
    content.flip();
  }

  /** Waits for a step of the decoder at most, whose memory goes now. */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (!closed) {
        closed = true;
        decoder.close();
      }
    }
    in.close();
  }
}

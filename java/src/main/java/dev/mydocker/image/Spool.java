package dev.mydocker.image;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.RandomName;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A stream on the disk, to be read as often as one likes. Its file has no name: nobody else can
 * open it, and it is gone when this is closed or the process dies.
 */
final class Spool implements AutoCloseable {
  private final FileChannel content;

  private Spool(FileChannel content) {
    this.content = content;
  }

  /** Something that writes what is kept. */
  interface Writer {
    void write(OutputStream out) throws IOException;
  }

  /** Keeps what {@code writer} writes. */
  static Spool of(Workplace work, Writer writer) throws IOException {
    byte[] name = Overlay.bytes("spool-" + RandomName.hex(32));
    try (Fd file = work.directory().create(name)) {
      work.directory().unlink(name);
      writer.write(file.output());
      Path self = Path.of("/proc/self/fd/" + file.number());
      return new Spool(FileChannel.open(self, StandardOpenOption.READ));
    }
  }

  /** An archive, uncompressed when it is compressed as a whole. */
  static Spool archive(InputStream in, Workplace work, UnpackLimits limits) throws IOException {
    return of(
        work,
        out -> {
          Counted compressed = new Counted(in);
          InputStream plain = Compression.detect(compressed);
          byte[] buffer = new byte[128 * 1024];
          long size = 0;
          for (int n = plain.read(buffer); n >= 0; n = plain.read(buffer)) {
            size += n;
            limits.checkSize(size, compressed.count);
            out.write(buffer, 0, n);
          }
        });
  }

  /** The file itself, which lives as long as this. */
  FileChannel content() {
    return content;
  }

  /** The content from its first byte on; closing the stream does not close this. */
  InputStream open() {
    return new InputStream() {
      private long at;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        int n = content.read(ByteBuffer.wrap(into, offset, length), at);
        at += Math.max(n, 0);
        return n;
      }
    };
  }

  @Override
  public void close() throws IOException {
    content.close();
  }

  /** Counts what is read. */
  private static final class Counted extends InputStream {
    private final InputStream in;
    private long count;

    private Counted(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      int b = in.read();
      count += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int n = in.read(into, offset, length);
      count += Math.max(n, 0);
      return n;
    }
  }
}

package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;

/**
 * How a layer's tar is compressed. The first bytes decide, as everywhere: media types are wrong too
 * often, and the diffID is checked whatever was assumed.
 */
enum Compression {
  NONE {
    @Override
    InputStream open(InputStream in) {
      return in;
    }
  },
  GZIP {
    @Override
    InputStream open(InputStream in) {
      return new GzipInput(in);
    }
  },
  ZSTD {
    @Override
    InputStream open(InputStream in) throws IOException {
      return new ZstdInput(in);
    }
  },
  BZIP2 {
    @Override
    InputStream open(InputStream in) throws ImageException {
      throw unsupported("bzip2");
    }
  },
  XZ {
    @Override
    InputStream open(InputStream in) throws ImageException {
      throw unsupported("xz");
    }
  };

  /** Bytes that {@link #of} looks at. */
  static final int MAGIC = 6;

  /** The uncompressed content of {@code in}; closing it closes {@code in}. */
  abstract InputStream open(InputStream in) throws IOException;

  /** By the first {@code length} bytes of a file, as many as it has up to {@link #MAGIC}. */
  static Compression of(byte[] start, int length) {
    if (begins(start, length, 0x1f, 0x8b)) {
      return GZIP;
    }
    if (begins(start, length, 0x28, 0xb5, 0x2f, 0xfd) || beginsWithSkippableFrame(start, length)) {
      return ZSTD;
    }
    if (begins(start, length, 'B', 'Z', 'h')) {
      return BZIP2;
    }
    return begins(start, length, 0xfd, '7', 'z', 'X', 'Z', 0) ? XZ : NONE;
  }

  /** The uncompressed content of {@code in}, whatever its first bytes say it is. */
  static InputStream detect(InputStream in) throws IOException {
    PushbackInputStream from = new PushbackInputStream(in, MAGIC);
    byte[] start = new byte[MAGIC];
    int n = from.readNBytes(start, 0, MAGIC);
    from.unread(start, 0, n);
    return of(start, n).open(from);
  }

  /** A zstd file may begin with a frame to be skipped; its magic number is one of sixteen. */
  private static boolean beginsWithSkippableFrame(byte[] start, int length) {
    return length >= 4
        && (start[0] & 0xf0) == 0x50
        && start[1] == 0x2a
        && start[2] == 0x4d
        && start[3] == 0x18;
  }

  private static boolean begins(byte[] start, int length, int... magic) {
    boolean same = length >= magic.length;
    for (int i = 0; same && i < magic.length; i++) {
      same = (start[i] & 0xff) == magic[i];
    }
    return same;
  }

  private static ImageException unsupported(String what) {
    return new ImageException(
        Kind.UNSUPPORTED,
        "it is compressed with " + what + ", which is not supported: use a gzip or zstd variant");
  }
}

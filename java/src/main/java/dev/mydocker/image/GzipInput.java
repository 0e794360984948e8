package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;

/**
 * The content of a gzip file of one or more members (RFC 1952). The JDK's GZIPInputStream takes a
 * source that has nothing available, or a cut member after the first, for the end.
 *
 * <p>Every member's checksum and length are checked; zeros after the last member are padding, and
 * anything else there is an error.
 */
final class GzipInput extends InputStream {
  private static final int BUFFER = 64 * 1024;

  /** Bytes of the input before the buffer's that are kept: see {@link Inflating#consumed}. */
  private static final int BACK = 8;

  private static final int NAME_LIMIT = 64 * 1024;

  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;
  private static final int RESERVED = 0xe0;

  private final InputStream in;
  private final Inflating inflater;
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[BACK + BUFFER];
  private int at = BACK;
  private int end = BACK;
  private long size;
  private boolean started;
  private boolean inMember;
  private boolean finished;

  GzipInput(InputStream in) {
    this(in, Inflating.open());
  }

  GzipInput(InputStream in, Inflating inflater) {
    this.in = in;
    this.inflater = inflater;
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
    while (!finished) {
      if (!inMember) {
        startMember();
        continue;
      }
      int n = inflate(into, offset, length);
      if (n > 0) {
        crc.update(into, offset, n);
        size += n;
        return n;
      }
      if (inflater.finished()) {
        endMember();
      } else if (at == end && !fill()) {
        throw truncated();
      }
    }
    return -1;
  }

  /** One call of the inflater over what is in the buffer; 0 when it needs more or is finished. */
  private int inflate(byte[] into, int offset, int length) throws IOException {
    try {
      int n = inflater.inflate(buffer, at, end, into, offset, length);
      at += inflater.consumed();
      return n;
    } catch (DataFormatException e) {
      throw new ImageException(Kind.NOT_AN_IMAGE, "its gzip data is damaged", e);
    }
  }

  /** A member's header, or the end of the file, with padding or without. */
  private void startMember() throws IOException {
    boolean first = !started;
    started = true;
    if (at == end && !fill()) {
      if (first) {
        throw truncated();
      }
      finished = true;
      return;
    }
    if (!first && buffer[at] == 0) {
      padding();
      return;
    }
    crc.reset();
    if (next() != 0x1f || next() != 0x8b) {
      throw bad(first ? "it is not gzip" : "something that is not gzip follows a gzip member");
    }
    if (next() != 8) {
      throw bad("its compression method is unknown");
    }
    int flags = next();
    if ((flags & RESERVED) != 0) {
      throw bad("its header has unknown flags");
    }
    for (int i = 0; i < 6; i++) {
      next();
    }
    if ((flags & FEXTRA) != 0) {
      int length = next() | next() << 8;
      for (int i = 0; i < length; i++) {
        next();
      }
    }
    if ((flags & FNAME) != 0) {
      skipText();
    }
    if ((flags & FCOMMENT) != 0) {
      skipText();
    }
    if ((flags & FHCRC) != 0) {
      int expected = (int) crc.getValue() & 0xffff;
      if ((next() | next() << 8) != expected) {
        throw bad("its header's checksum is wrong");
      }
    }
    crc.reset();
    size = 0;
    inflater.reset();
    inMember = true;
  }

  private void endMember() throws IOException {
    long expectedCrc = crc.getValue();
    long expectedSize = size & 0xffffffffL;
    if (little32() != expectedCrc) {
      throw bad("a gzip member's checksum is wrong");
    }
    if (little32() != expectedSize) {
      throw bad("a gzip member's length is wrong");
    }
    inMember = false;
  }

  private void padding() throws IOException {
    do {
      while (at < end) {
        if (buffer[at++] != 0) {
          throw bad("something that is not gzip follows a gzip member");
        }
      }
    } while (fill());
    finished = true;
  }

  private void skipText() throws IOException {
    for (int i = 0; i < NAME_LIMIT; i++) {
      if (next() == 0) {
        return;
      }
    }
    throw bad("a text in its header is too long");
  }

  private long little32() throws IOException {
    return next() | next() << 8 | next() << 16 | (long) next() << 24;
  }

  /** The next compressed byte, which counts into the header's checksum. */
  private int next() throws IOException {
    if (at == end && !fill()) {
      throw truncated();
    }
    int value = buffer[at++] & 0xff;
    crc.update(value);
    return value;
  }

  private boolean fill() throws IOException {
    System.arraycopy(buffer, end - BACK, buffer, 0, BACK);
    int n = in.read(buffer, BACK, BUFFER);
    at = BACK;
    end = BACK + Math.max(n, 0);
    return n > 0;
  }

  private static ImageException bad(String why) {
    return new ImageException(Kind.NOT_AN_IMAGE, why);
  }

  private static ImageException truncated() {
    return new ImageException(Kind.TRUNCATED, "its gzip data ends early");
  }

  @Override
  public void close() throws IOException {
    inflater.close();
    in.close();
  }
}

package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Writes a tar as pax(1) has it: plain ustar headers, and a PAX header before those whose names,
 * numbers or attributes do not fit. The same entries always give the same bytes.
 *
 * <p>Commons Compress would take names and attributes as text and write them as UTF-8 into PAX
 * headers, so that a byte 0xff of a long name or of a {@code security.capability} comes out as two.
 */
final class TarWriter implements TarSink {
  private static final int BLOCK = 512;
  private static final int NAME_ROOM = 100;
  private static final long MAX_OCTAL_7 = 07777777;
  private static final long MAX_OCTAL_11 = 077777777777L;

  private final OutputStream out;
  private long left;
  private int padding;

  /** Closing {@code out} stays the caller's. */
  TarWriter(OutputStream out) {
    this.out = out;
  }

  @Override
  public void put(TarEntry entry) throws IOException {
    endData();
    byte[] pax = records(entry);
    if (pax.length > UnpackLimits.SPECIAL_RECORD) {
      throw new ImageException(
          ImageException.Kind.TOO_LARGE,
          "the attributes of " + Overlay.printable(entry.name()) + " are larger than 1 MiB");
    }
    if (pax.length > 0) {
      out.write(header(TarEntry.plain("PaxHeaders", TarEntry.Type.FILE, 0644, pax.length), 'x'));
      out.write(Arrays.copyOf(pax, pax.length + padding(pax.length)));
    }
    out.write(header(entry, type(entry.type())));
    left = entry.size();
    padding = padding(entry.size());
  }

  @Override
  public void write(byte[] data, int offset, int length) throws IOException {
    if (length > left) {
      throw new IllegalStateException("more data than the entry's size");
    }
    out.write(data, offset, length);
    left -= length;
  }

  @Override
  public void finish() throws IOException {
    endData();
    out.write(new byte[2 * BLOCK]);
    out.flush();
  }

  private void endData() throws IOException {
    if (left > 0) {
      throw new IllegalStateException("less data than the entry's size");
    }
    out.write(new byte[padding]);
    padding = 0;
  }

  private static int padding(long size) {
    return (int) (-size & (BLOCK - 1));
  }

  private static char type(TarEntry.Type type) {
    return switch (type) {
      case FILE -> '0';
      case HARD_LINK -> '1';
      case SYMLINK -> '2';
      case CHARACTER -> '3';
      case BLOCK -> '4';
      case DIRECTORY -> '5';
      case FIFO -> '6';
    };
  }

  // ---- PAX records ------------------------------------------------------------------------------

  /** What the header has no room for; nothing when it has for everything. */
  private static byte[] records(TarEntry e) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    if (e.name().length() > NAME_ROOM) {
      record(all, "path", Overlay.bytes(e.name()));
    }
    if (e.link().length() > NAME_ROOM) {
      record(all, "linkpath", Overlay.bytes(e.link()));
    }
    number(all, "size", e.size(), MAX_OCTAL_11);
    number(all, "uid", Integer.toUnsignedLong(e.uid()), MAX_OCTAL_7);
    number(all, "gid", Integer.toUnsignedLong(e.gid()), MAX_OCTAL_7);
    if (e.mtimeNsec() != 0 || e.mtimeSec() < 0 || e.mtimeSec() > MAX_OCTAL_11) {
      record(all, "mtime", Overlay.bytes(time(e.mtimeSec(), e.mtimeNsec())));
    }
    for (TarEntry.Xattr x : e.xattrs()) {
      record(all, "SCHILY.xattr." + x.name(), x.value());
    }
    return all.toByteArray();
  }

  private static void number(ByteArrayOutputStream all, String key, long value, long limit)
      throws IOException {
    if (value > limit) {
      record(all, key, Overlay.bytes(Long.toString(value)));
    }
  }

  /** {@code length key=value\n}, the length's own digits counted. */
  private static void record(ByteArrayOutputStream all, String key, byte[] value)
      throws IOException {
    int rest = key.length() + value.length + 3;
    int length = rest + Integer.toString(rest).length();
    length = rest + Integer.toString(length).length();
    all.write(Overlay.bytes(length + " " + key + "="));
    all.write(value);
    all.write('\n');
  }

  /** Seconds with a fraction; before 1970 both count down from there. */
  private static String time(long seconds, long nanos) {
    boolean down = seconds < 0 && nanos > 0;
    long whole = down ? -seconds - 1 : Math.abs(seconds);
    long fraction = down ? 1_000_000_000 - nanos : nanos;
    String text = (seconds < 0 ? "-" : "") + whole;
    if (fraction == 0) {
      return text;
    }
    String digits = Long.toString(1_000_000_000 + fraction).substring(1);
    int end = digits.length();
    while (digits.charAt(end - 1) == '0') {
      end--;
    }
    return text + "." + digits.substring(0, end);
  }

  // ---- headers ----------------------------------------------------------------------------------

  /** A ustar header; what does not fit is cut or 0, and stands in the PAX header before it. */
  private static byte[] header(TarEntry e, char type) {
    byte[] header = new byte[BLOCK];
    text(header, 0, e.name());
    octal(header, 100, 8, e.mode());
    octal(header, 108, 8, upTo(MAX_OCTAL_7, Integer.toUnsignedLong(e.uid())));
    octal(header, 116, 8, upTo(MAX_OCTAL_7, Integer.toUnsignedLong(e.gid())));
    octal(header, 124, 12, upTo(MAX_OCTAL_11, e.size()));
    octal(header, 136, 12, upTo(MAX_OCTAL_11, e.mtimeSec()));
    header[156] = (byte) type;
    text(header, 157, e.link());
    text(header, 257, "ustar\00000");
    boolean device = type == '3' || type == '4';
    octal(header, 329, 8, device ? e.major() : 0);
    octal(header, 337, 8, device ? e.minor() : 0);
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    octal(header, 148, 7, sum);
    return header;
  }

  private static void text(byte[] header, int at, String latin1) {
    byte[] bytes = Overlay.bytes(latin1);
    System.arraycopy(bytes, 0, header, at, Math.min(bytes.length, NAME_ROOM));
  }

  private static long upTo(long limit, long value) {
    return value < 0 || value > limit ? 0 : value;
  }

  /** Octal digits that fill a field but for its last byte, which is 0. */
  private static void octal(byte[] header, int at, int room, long value) {
    long rest = value;
    for (int i = at + room - 2; i >= at; i--) {
      header[i] = (byte) ('0' + (rest & 7));
      rest >>= 3;
    }
    header[at + room - 1] = 0;
  }
}

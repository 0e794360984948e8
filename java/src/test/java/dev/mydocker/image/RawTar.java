package dev.mydocker.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Writes tars byte by byte, the ones that no library would write included. */
public final class RawTar {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A field of a header: where it begins and how long it is. */
  public enum Field {
    MODE(100, 8),
    UID(108, 8),
    GID(116, 8),
    SIZE(124, 12),
    MTIME(136, 12),
    MAJOR(329, 8),
    MINOR(337, 8),
    REAL_SIZE(483, 12);

    private final int at;
    private final int length;

    Field(int at, int length) {
      this.at = at;
      this.length = length;
    }

    /** Puts octal digits there. */
    public Consumer<byte[]> octal(long value) {
      String digits = Long.toOctalString(value);
      return text("0".repeat(Math.max(0, length - 1 - digits.length())) + digits);
    }

    /** Puts a number there in base 256. */
    Consumer<byte[]> binary(long value) {
      return header -> {
        for (int i = 0; i < length; i++) {
          int shift = 8 * (length - 1 - i);
          header[at + i] = (byte) (shift > 56 ? value >> 63 : value >> shift);
        }
        header[at] |= (byte) 0x80;
      };
    }

    /** Puts any characters there. */
    Consumer<byte[]> text(String value) {
      return header -> {
        Arrays.fill(header, at, at + length, (byte) 0);
        put(header, at, value);
      };
    }
  }

  static void put(byte[] header, int at, String latin1) {
    byte[] bytes = bytes(latin1);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  static byte[] bytes(String latin1) {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A header with what the edits make of it, its checksum right, and data. */
  @SafeVarargs
  public final RawTar entry(String name, char type, String data, Consumer<byte[]>... edits) {
    byte[] header = new byte[512];
    put(header, 0, name);
    header[156] = (byte) type;
    put(header, 257, "ustar\00000");
    Field.MODE.octal(type == '5' ? 0755 : 0644).accept(header);
    Field.UID.octal(0).accept(header);
    Field.GID.octal(0).accept(header);
    Field.MTIME.octal(1_000_000_000).accept(header);
    Field.SIZE.octal(data.length()).accept(header);
    for (Consumer<byte[]> edit : edits) {
      edit.accept(header);
    }
    seal(header);
    return raw(header).data(data);
  }

  public RawTar file(String name, String content) {
    return entry(name, '0', content);
  }

  public RawTar directory(String name) {
    return entry(name + "/", '5', "");
  }

  public RawTar symlink(String name, String target) {
    return entry(name, '2', "", h -> put(h, 157, target));
  }

  public RawTar hardlink(String name, String target) {
    return entry(name, '1', "", h -> put(h, 157, target));
  }

  /** A PAX header for the entry that follows; records as key and value in turn. */
  public RawTar pax(String... records) {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < records.length; i += 2) {
      body.append(record(records[i], records[i + 1]));
    }
    return entry("PaxHeaders/x", 'x', body.toString());
  }

  static String record(String key, String value) {
    int length = key.length() + value.length() + 3;
    int total = length + String.valueOf(length).length();
    total = length + String.valueOf(total).length();
    return total + " " + key + "=" + value + "\n";
  }

  /** Bytes as they are. */
  RawTar raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  private RawTar data(String data) {
    out.writeBytes(bytes(data));
    out.writeBytes(new byte[-data.length() & 511]);
    return this;
  }

  static void seal(byte[] header) {
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, String.format("%06o\0 ", sum));
  }

  /** The tar so far, without an end. */
  byte[] open() {
    return out.toByteArray();
  }

  /** The tar, ended. */
  public byte[] end() {
    return raw(new byte[1024]).open();
  }
}

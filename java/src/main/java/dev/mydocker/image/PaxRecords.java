package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The records of one PAX extended header, {@code length key=value\n}, values as bytes; see pax(1),
 * "pax Extended Header". The last of several records with a key counts; one with an empty value
 * takes the key back.
 *
 * @param values by key, one char per byte of it
 * @param sparse {@code GNU.sparse.offset} and {@code GNU.sparse.numbytes}, which repeat, in order
 */
record PaxRecords(Map<String, byte[]> values, List<Long> sparse) {
  static final PaxRecords NONE = new PaxRecords(Map.of(), List.of());
  private static final String XATTR = "SCHILY.xattr.";

  /**
   * Reads an extended header's data.
   *
   * @throws ImageException NOT_AN_IMAGE for a wrong length, a missing newline, a NUL in a name
   */
  static PaxRecords parse(byte[] data) throws ImageException {
    Map<String, byte[]> values = new LinkedHashMap<>();
    List<Long> sparse = new ArrayList<>();
    int at = 0;
    while (at < data.length) {
      int space = indexOf(data, (byte) ' ', at, Math.min(data.length, at + 8));
      int length = space < 0 ? 0 : (int) decimal(data, at, space, "PAX record's length");
      int end = at + length;
      if (space < 0 || end > data.length || end < space + 3 || data[end - 1] != '\n') {
        throw bad("a PAX record's length is wrong");
      }
      int equals = indexOf(data, (byte) '=', space + 1, end);
      if (equals <= space + 1) {
        throw bad("a PAX record has no key");
      }
      String key = new String(data, space + 1, equals - space - 1, StandardCharsets.ISO_8859_1);
      put(key, Arrays.copyOfRange(data, equals + 1, end - 1), values, sparse);
      at = end;
    }
    return new PaxRecords(values, sparse);
  }

  private static void put(String key, byte[] value, Map<String, byte[]> values, List<Long> sparse)
      throws ImageException {
    if (key.indexOf('\0') >= 0 || !key.startsWith(XATTR) && indexOf(value, (byte) 0) >= 0) {
      throw bad("a PAX record has a NUL in it");
    }
    if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
      if (key.endsWith("offset") != (sparse.size() % 2 == 0)) {
        throw bad("its sparse map is out of order");
      }
      sparse.add(decimal(value, 0, value.length, "sparse map"));
    } else if (value.length == 0 && !key.startsWith(XATTR)) {
      values.remove(key);
    } else {
      values.put(key, value);
    }
  }

  /** The value of a key, one char per byte. */
  Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key))
        .map(v -> new String(v, StandardCharsets.ISO_8859_1));
  }

  /** The value of a key as a whole number, not negative. */
  Optional<Long> number(String key) throws ImageException {
    byte[] value = values.get(key);
    return value == null
        ? Optional.empty()
        : Optional.of(decimal(value, 0, value.length, "PAX record " + ImageException.quote(key)));
  }

  /** The extended attributes. */
  List<TarEntry.Xattr> xattrs() {
    List<TarEntry.Xattr> out = new ArrayList<>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(XATTR)) {
            out.add(new TarEntry.Xattr(key.substring(XATTR.length()), value));
          }
        });
    return out;
  }

  /** Decimal digits of a long. */
  static long decimal(byte[] text, int from, int to, String what) throws ImageException {
    long value = 0;
    boolean good = from < to && to - from <= 19;
    for (int i = from; good && i < to; i++) {
      good = text[i] >= '0' && text[i] <= '9';
      value = value * 10 + (text[i] - '0');
    }
    if (!good || value < 0) {
      throw bad("its " + what + " is not a number, or too large");
    }
    return value;
  }

  static int indexOf(byte[] data, byte wanted, int from, int to) {
    for (int i = from; i < to; i++) {
      if (data[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static int indexOf(byte[] data, byte wanted) {
    return indexOf(data, wanted, 0, data.length);
  }

  private static ImageException bad(String why) {
    return new ImageException(Kind.NOT_AN_IMAGE, why);
  }
}

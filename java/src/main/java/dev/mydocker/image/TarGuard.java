package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Stands before Commons Compress and sees every header of a tar first.
 *
 * <p>What Commons Compress 1.28 gives wrongly never reaches it: names and attributes that are no
 * UTF-8, numbers beyond an int, a wrong checksum, links and directories with a size, a file whose
 * name ends in a slash, global headers, special records of any size, sparse maps, a missing end.
 * Those are decided here, as Go's archive/tar decides them, because that is what the images were
 * made with and what other engines read them with; the byte strings are handed over beside. What
 * goes on to Commons Compress is one plain header per entry with a harmless name, its numbers
 * checked. The data passes it by: its stream would take a new buffer for each entry.
 */
final class TarGuard {
  private static final int BLOCK = 512;
  private static final byte[] USTAR = "ustar\00000".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ZEROS = new byte[BLOCK];
  private static final long MAX_ID = 0xfffffffeL;
  private static final long MAX_SECONDS = 1L << 40;
  private static final int SPARSE_PARTS = 64 * 1024;

  // Fields of a header: see tar(5).
  private static final int NAME = 0;
  private static final int MODE = 100;
  private static final int UID = 108;
  private static final int GID = 116;
  private static final int SIZE = 124;
  private static final int MTIME = 136;
  private static final int CHECKSUM = 148;
  private static final int TYPE = 156;
  private static final int LINK = 157;
  private static final int MAGIC = 257;
  private static final int MAJOR = 329;
  private static final int MINOR = 337;
  private static final int PREFIX = 345;
  private static final int GNU_SPARSE = 386;
  private static final int GNU_EXTENDED = 482;
  private static final int GNU_REAL_SIZE = 483;

  /** What the guard keeps of an entry: what Commons Compress does not give, or gives wrongly. */
  record Extra(
      String name,
      String link,
      PaxRecords pax,
      long mtimeNsec,
      Optional<SparseMap> sparse,
      long offset) {}

  private final InputStream in;
  private final UnpackLimits limits;
  private final byte[] header = new byte[BLOCK];
  private final byte[] plain = new byte[BLOCK];
  private final byte[] skipped = new byte[16 * BLOCK];
  private long dataLeft;
  private long padding;
  private long position;
  private long entries;
  private long fileBytes;
  private boolean ended;
  private Extra extra;

  TarGuard(InputStream in, UnpackLimits limits) {
    this.in = in;
    this.limits = limits;
  }

  /** What the entry's header cannot say. */
  Extra extra() {
    return extra;
  }

  /** Moves to the next entry; false at the end of the archive. */
  boolean next() throws IOException {
    skip(dataLeft + padding);
    dataLeft = 0;
    padding = 0;
    if (!ended) {
      ended = !nextEntry();
    }
    return !ended;
  }

  /** The entry's header, plain: what is not in it is in {@link #extra}. */
  byte[] header() {
    return plain;
  }

  /** Data of the entry; -1 at its end. */
  int read(byte[] into, int offset, int length) throws IOException {
    if (dataLeft == 0) {
      return -1;
    }
    int n = in.read(into, offset, (int) Math.min(length, dataLeft));
    if (n < 0) {
      throw truncated();
    }
    dataLeft -= n;
    position += n;
    return n;
  }

  /** Reads headers up to and including the next one that is an entry; false when there is none. */
  private boolean nextEntry() throws IOException {
    PaxRecords pax = PaxRecords.NONE;
    Optional<String> longName = Optional.empty();
    Optional<String> longLink = Optional.empty();
    boolean described = false;
    while (readHeader()) {
      if (++entries > limits.entries()) {
        throw new ImageException(
            Kind.TOO_LARGE,
            "its tar has more than "
                + limits.entries()
                + " entries (MYDOCKER_LIMIT_LAYER_ENTRIES)");
      }
      switch (header[TYPE]) {
        case 'x' -> pax = PaxRecords.parse(special());
        case 'g' -> special();
        case 'L' -> longName = Optional.of(untilNul(special(), 0, Integer.MAX_VALUE));
        case 'K' -> longLink = Optional.of(untilNul(special(), 0, Integer.MAX_VALUE));
        default -> {
          entry(pax, longName, longLink);
          return true;
        }
      }
      described |= header[TYPE] != 'g';
    }
    if (described) {
      throw bad("its tar ends with a header that describes nothing");
    }
    return false;
  }

  /** The next header, checked; false at the end of the archive. */
  private boolean readHeader() throws IOException {
    if (!readBlock()) {
      return false;
    }
    if (isZero()) {
      if (readBlock() && !isZero()) {
        throw bad("something follows its tar's first end marker");
      }
      return false;
    }
    long expected = number(CHECKSUM, 8, "checksum");
    if (expected != checksum(header, 0xff) && expected != checksum(header, -1)) {
      throw bad("it is not a tar, or a header's checksum is wrong");
    }
    return true;
  }

  /** The data of a header that describes another one. */
  private byte[] special() throws IOException {
    long size = number(SIZE, 12, "size");
    if (size < 0 || size > UnpackLimits.SPECIAL_RECORD) {
      throw new ImageException(Kind.TOO_LARGE, "a special record of its tar is larger than 1 MiB");
    }
    byte[] data = new byte[(int) padded(size)];
    readFully(data);
    return Arrays.copyOf(data, (int) size);
  }

  private void entry(PaxRecords pax, Optional<String> longName, Optional<String> longLink)
      throws IOException {
    String name = name(pax, longName);
    String link = link(pax, longLink);
    byte type = plainType(name);
    long size = pax.number("size").orElse(number(SIZE, 12, "size"));
    if (size < 0) {
      throw bad("an entry of its tar has a negative size");
    }
    if (type == '5' && header[TYPE] != '5' && size > 0) {
      throw bad("a file of its tar has a directory's name, and data");
    }
    if (type != '0') {
      size = 0;
    }
    byte[] out = plain;
    Arrays.fill(out, (byte) 0);
    out[NAME] = 'f';
    out[TYPE] = type;
    copyNumber(out, MODE, number(MODE, 8, "mode"), 0xffffffffL, "mode");
    write(out, MODE, 8, number(MODE, 8, "mode") & 07777);
    copyNumber(out, UID, pax.number("uid").orElse(number(UID, 8, "uid")), MAX_ID, "uid");
    copyNumber(out, GID, pax.number("gid").orElse(number(GID, 8, "gid")), MAX_ID, "gid");
    if (type == '3' || type == '4') {
      copyNumber(out, MAJOR, number(MAJOR, 8, "device number"), 0xfff, "device number");
      copyNumber(out, MINOR, number(MINOR, 8, "device number"), 0xfffff, "device number");
    }
    Time time = time(pax);
    write(out, MTIME, 12, time.seconds);
    Optional<SparseMap> sparse = Optional.empty();
    if (type == '0') {
      long before = position;
      sparse = sparse(pax, size);
      size -= pax.text("GNU.sparse.major").isPresent() ? position - before : 0;
      countBytes(sparse.isPresent() ? sparse.get().size() : size);
    }
    write(out, SIZE, 12, size);
    System.arraycopy(USTAR, 0, out, MAGIC, USTAR.length);
    seal(out);
    extra = new Extra(name, link, pax, time.nanos, sparse, position);
    dataLeft = size;
    padding = padded(size) - size;
  }

  private String name(PaxRecords pax, Optional<String> longName) {
    if (longName.isPresent()) {
      return longName.get();
    }
    Optional<String> sparse = pax.text("GNU.sparse.name");
    Optional<String> path = sparse.isPresent() ? sparse : pax.text("path");
    return path.isPresent() ? path.get() : headerName();
  }

  private String link(PaxRecords pax, Optional<String> longLink) {
    Optional<String> path = longLink.isPresent() ? longLink : pax.text("linkpath");
    return path.isPresent() ? path.get() : untilNul(header, LINK, 100);
  }

  /** The entry's type as one of the seven of ustar. */
  private byte plainType(String name) throws ImageException {
    byte type = header[TYPE];
    return switch (type) {
      case 0, '0', '7', 'S' -> name.endsWith("/") ? (byte) '5' : (byte) '0';
      case '1', '2', '3', '4', '5', '6' -> type;
      default ->
          throw new ImageException(
              Kind.UNSUPPORTED,
              "entry "
                  + ImageException.quote(name)
                  + " of its tar is of unknown type "
                  + ImageException.quote(String.valueOf((char) type)));
    };
  }

  private void countBytes(long size) throws ImageException {
    fileBytes = size > limits.bytes() ? Long.MAX_VALUE : fileBytes + size;
    if (fileBytes > limits.bytes() || fileBytes < 0) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "its files are together larger than "
              + limits.bytes()
              + " bytes (MYDOCKER_LIMIT_LAYER_BYTES)");
    }
  }

  private String headerName() {
    String name = untilNul(header, NAME, 100);
    boolean posix = matches(MAGIC, "ustar\0");
    int room = matches(508, "tar\0") ? 131 : 155;
    String prefix = posix ? untilNul(header, PREFIX, room) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  // ---- times ------------------------------------------------------------------------------------

  private record Time(long seconds, long nanos) {}

  /** The modification time, cut to what every file system and every clock can hold. */
  private Time time(PaxRecords pax) throws ImageException {
    byte[] text = pax.values().get("mtime");
    if (text == null) {
      boolean binary = header[MTIME] < 0;
      boolean negative = binary && header[MTIME] == -1;
      for (int i = MTIME + 1; binary && i < MTIME + 5; i++) {
        if (header[i] != (negative ? -1 : 0)) {
          return new Time(negative ? -MAX_SECONDS : MAX_SECONDS, 0);
        }
      }
      return clamp(number(MTIME, 12, "time"), 0);
    }
    int dot = PaxRecords.indexOf(text, (byte) '.', 0, text.length);
    int whole = dot < 0 ? text.length : dot;
    boolean negative = text[0] == '-';
    int from = negative ? 1 : 0;
    if (whole == from || !digits(text, from, whole) || !digits(text, whole + 1, text.length)) {
      throw bad("a time of its tar is not a number");
    }
    if (whole - from > 12) {
      return new Time(negative ? -MAX_SECONDS : MAX_SECONDS, 0);
    }
    long seconds = PaxRecords.decimal(text, from, whole, "time");
    long nanos = 0;
    for (int i = whole + 1; i <= whole + 9; i++) {
      nanos = nanos * 10 + (i < text.length ? text[i] - '0' : 0);
    }
    if (!negative) {
      return clamp(seconds, nanos);
    }
    return nanos == 0 ? clamp(-seconds, 0) : clamp(-seconds - 1, 1_000_000_000 - nanos);
  }

  private static Time clamp(long seconds, long nanos) {
    return seconds > MAX_SECONDS || seconds < -MAX_SECONDS
        ? new Time(seconds < 0 ? -MAX_SECONDS : MAX_SECONDS, 0)
        : new Time(seconds, nanos);
  }

  private static boolean digits(byte[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return false;
      }
    }
    return true;
  }

  // ---- sparse files -----------------------------------------------------------------------------

  /** The entry's sparse map in any of GNU tar's four forms; the stream is then at its data. */
  private Optional<SparseMap> sparse(PaxRecords pax, long stored) throws IOException {
    if (header[TYPE] == 'S') {
      return Optional.of(oldSparse(stored));
    }
    if (pax.text("GNU.sparse.major").isPresent()) {
      if (pax.number("GNU.sparse.major").get() != 1) {
        throw new ImageException(Kind.UNSUPPORTED, "its tar has sparse files of an unknown form");
      }
      long size = pax.number("GNU.sparse.realsize").orElse(0L);
      return Optional.of(sparseInData(size, stored));
    }
    Optional<Long> size = pax.number("GNU.sparse.size");
    if (size.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> map = pax.text("GNU.sparse.map");
    Numbers numbers = new Numbers();
    if (map.isPresent()) {
      for (String number : map.get().split(",", -1)) {
        byte[] text = number.getBytes(StandardCharsets.ISO_8859_1);
        numbers.add(PaxRecords.decimal(text, 0, text.length, "sparse map"));
      }
    } else {
      for (long number : pax.sparse()) {
        numbers.add(number);
      }
    }
    return Optional.of(SparseMap.of(size.get(), numbers.list, stored));
  }

  /** Form 1.0: the map stands before the data, one decimal a line, padded to whole blocks. */
  private SparseMap sparseInData(long size, long stored) throws IOException {
    long before = position;
    byte[] block = new byte[BLOCK];
    int at = BLOCK;
    Numbers numbers = new Numbers();
    long wanted = 1;
    for (long i = 0; i < wanted; i++) {
      long number = 0;
      for (int digits = 0; ; digits++) {
        if (at == BLOCK) {
          if (position - before + BLOCK > stored) {
            throw bad("its sparse map is longer than its data");
          }
          readFully(block);
          at = 0;
        }
        byte b = block[at++];
        if (b == '\n' && digits > 0) {
          break;
        }
        if (b < '0' || b > '9' || digits == 18) {
          throw bad("its sparse map is not a list of numbers");
        }
        number = number * 10 + (b - '0');
      }
      if (i == 0) {
        if (number > SPARSE_PARTS) {
          throw tooManyParts();
        }
        wanted = 1 + 2 * number;
      } else {
        numbers.add(number);
      }
    }
    return SparseMap.of(size, numbers.list, stored - (position - before));
  }

  /** The old form: four parts in the header, 21 in each block that follows while it says so. */
  private SparseMap oldSparse(long stored) throws IOException {
    long size = number(GNU_REAL_SIZE, 12, "size");
    Numbers numbers = new Numbers();
    oldParts(header, GNU_SPARSE, 4, numbers);
    byte more = header[GNU_EXTENDED];
    byte[] block = new byte[BLOCK];
    while (more != 0) {
      readFully(block);
      oldParts(block, 0, 21, numbers);
      more = block[504];
    }
    return SparseMap.of(size, numbers.list, stored);
  }

  private static void oldParts(byte[] from, int at, int count, Numbers into) throws IOException {
    for (int i = at; i < at + count * 24 && from[i] != 0; i += 24) {
      into.add(number(from, i, 12, "sparse map"));
      into.add(number(from, i + 12, 12, "sparse map"));
    }
  }

  /** The numbers of a sparse map, as many as one may have. */
  private static final class Numbers {
    private final List<Long> list = new ArrayList<>();

    private void add(long number) throws ImageException {
      if (list.size() >= 2 * SPARSE_PARTS) {
        throw tooManyParts();
      }
      list.add(number);
    }
  }

  private static ImageException tooManyParts() {
    return new ImageException(
        Kind.TOO_LARGE, "a sparse file of its tar has more than " + SPARSE_PARTS + " parts");
  }

  // ---- fields -----------------------------------------------------------------------------------

  private void copyNumber(byte[] out, int field, long value, long limit, String what)
      throws ImageException {
    if (value < 0 || value > limit) {
      throw bad("an entry of its tar has a " + what + " out of range: " + value);
    }
    write(out, field, 8, value);
  }

  private long number(int at, int length, String what) throws ImageException {
    return number(header, at, length, what);
  }

  /** A number in octal digits, or in base 256 when the first bit is set; see tar(5). */
  private static long number(byte[] from, int at, int length, String what) throws ImageException {
    if (from[at] < 0) {
      boolean negative = (from[at] & 0x40) != 0;
      long value = negative ? -1 : 0;
      value = value << 6 | from[at] & 0x3f;
      for (int i = at + 1; i < at + length; i++) {
        if (value >> 55 != (negative ? -1 : 0)) {
          throw bad("an entry of its tar has a " + what + " out of range");
        }
        value = value << 8 | from[i] & 0xff;
      }
      return value;
    }
    int start = at;
    int end = at + length;
    while (start < end && (from[start] == ' ' || from[start] == 0)) {
      start++;
    }
    while (end > start && (from[end - 1] == ' ' || from[end - 1] == 0)) {
      end--;
    }
    long value = 0;
    for (int i = start; i < end; i++) {
      if (from[i] == 0) {
        break;
      }
      if (from[i] < '0' || from[i] > '7') {
        throw bad("an entry of its tar has a " + what + " that is not a number");
      }
      value = value << 3 | from[i] - '0';
    }
    return value;
  }

  /** Writes a number in octal where it fits, else in base 256. */
  private static void write(byte[] out, int at, int length, long value) {
    boolean octal = value >= 0 && value < 1L << 3 * (length - 1);
    long rest = value;
    out[at + length - 1] = 0;
    for (int i = at + (octal ? length - 2 : length - 1); i >= at; i--) {
      out[i] = octal ? (byte) ('0' + (rest & 7)) : (byte) rest;
      rest >>= octal ? 3 : 8;
    }
    if (!octal) {
      out[at] |= (byte) 0x80;
    }
  }

  private static void seal(byte[] out) {
    Arrays.fill(out, CHECKSUM, CHECKSUM + 8, (byte) ' ');
    write(out, CHECKSUM, 8, checksum(out, 0xff));
  }

  /** The sum of a header's bytes, its own field taken as spaces; signed with a mask of -1. */
  private static long checksum(byte[] block, int mask) {
    int sum = 8 * ' ';
    for (int i = 0; i < CHECKSUM; i++) {
      sum += block[i] & mask;
    }
    for (int i = CHECKSUM + 8; i < BLOCK; i++) {
      sum += block[i] & mask;
    }
    return sum;
  }

  private boolean matches(int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (header[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static String untilNul(byte[] from, int at, int room) {
    int limit = (int) Math.min((long) at + room, from.length);
    int nul = PaxRecords.indexOf(from, (byte) 0, at, limit);
    int end = nul < 0 ? limit : nul;
    return new String(from, at, end - at, StandardCharsets.ISO_8859_1);
  }

  private boolean isZero() {
    return header[0] == 0 && Arrays.equals(header, ZEROS);
  }

  private static long padded(long size) {
    return (size + BLOCK - 1) & -BLOCK;
  }

  // ---- input ------------------------------------------------------------------------------------

  private void skip(long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      int n = in.read(skipped, 0, (int) Math.min(left, skipped.length));
      if (n < 0) {
        throw truncated();
      }
      left -= n;
      position += n;
    }
  }

  /** The next block into {@code header}; false when there is none at all. */
  private boolean readBlock() throws IOException {
    int n = in.readNBytes(header, 0, BLOCK);
    position += n;
    if (n > 0 && n < BLOCK) {
      throw truncated();
    }
    return n == BLOCK;
  }

  private void readFully(byte[] into) throws IOException {
    if (in.readNBytes(into, 0, into.length) < into.length) {
      throw truncated();
    }
    position += into.length;
  }

  private static ImageException bad(String why) {
    return new ImageException(Kind.NOT_AN_IMAGE, why);
  }

  private static ImageException truncated() {
    return new ImageException(Kind.TRUNCATED, "its tar ends in the middle of an entry");
  }
}

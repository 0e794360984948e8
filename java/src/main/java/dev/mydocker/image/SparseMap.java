package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of a sparse file a tar holds; the rest is holes. See GNU tar's manual, "Storing
 * Sparse Files".
 *
 * @param size bytes of the file
 * @param parts ascending, not overlapping, within the size
 */
record SparseMap(long size, List<Part> parts) {

  /** {@code length} bytes at {@code offset} of the file. */
  record Part(long offset, long length) {}

  /**
   * Checks a map.
   *
   * @param numbers offset and length of each part
   * @param stored bytes that the tar holds
   * @throws ImageException NOT_AN_IMAGE when the map contradicts itself, the size or the stored
   *     data
   */
  static SparseMap of(long size, List<Long> numbers, long stored) throws ImageException {
    List<Part> parts = new ArrayList<>();
    long at = 0;
    long sum = 0;
    boolean good = numbers.size() % 2 == 0 && size >= 0;
    for (int i = 0; good && i < numbers.size(); i += 2) {
      long offset = numbers.get(i);
      long length = numbers.get(i + 1);
      good = offset >= at && length >= 0 && offset <= size && length <= size - offset;
      at = offset + length;
      sum += length;
      if (length > 0) {
        parts.add(new Part(offset, length));
      }
    }
    if (!good || sum != stored) {
      throw new ImageException(Kind.NOT_AN_IMAGE, "its sparse map is wrong");
    }
    return new SparseMap(size, List.copyOf(parts));
  }
}

package dev.mydocker.image;

import java.util.List;

/**
 * What a look at the store found, a line each.
 *
 * @param images names, and images without
 * @param blobs files whose digests were compared
 * @param bytes of these files
 * @param layers directories of unpacked layers
 * @param problems what is damaged, missing or strange
 * @param notes what is nobody's any more, which the next removal takes away
 * @param repairs what was done
 * @param remaining the problems that are left after the repairs
 */
public record CheckReport(
    int images,
    int blobs,
    long bytes,
    int layers,
    List<String> problems,
    List<String> notes,
    List<String> repairs,
    List<String> remaining) {

  /** Of a store that does not exist. */
  static final CheckReport EMPTY =
      new CheckReport(0, 0, 0, 0, List.of(), List.of(), List.of(), List.of());
}

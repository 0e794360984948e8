package dev.mydocker.image;

import java.util.ArrayList;
import java.util.List;

/**
 * What a removal took away.
 *
 * @param untagged names and {@code repository@digest}, as people write them
 * @param deleted ids of images, and diffIDs of layers
 * @param bytes that the disk has again
 */
public record Removed(List<String> untagged, List<Digest> deleted, long bytes) {

  /** The same with what was collected after it. */
  Removed and(Collector.Garbage garbage) {
    List<Digest> all = new ArrayList<>(deleted);
    all.addAll(garbage.layers());
    return new Removed(untagged, all, bytes + garbage.bytes());
  }
}

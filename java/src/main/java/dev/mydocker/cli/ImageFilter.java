package dev.mydocker.cli;

import dev.mydocker.image.Image;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.ListedImage;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code --filter} lets through. References are alternatives; everything else must hold
 * together.
 */
final class ImageFilter {
  /** What {@code images} takes. */
  static final Set<String> OF_LISTS =
      Set.of("dangling", "reference", "label", "before", "since", "until");

  /** What {@code image prune} takes. */
  static final Set<String> OF_PRUNING = Set.of("until", "label", "label!", "dangling");

  /** Finds when the image was made that a user names. */
  interface Creation {
    Instant of(String image) throws IOException;
  }

  private final List<Glob> references = new ArrayList<>();
  private final List<Map.Entry<String, Boolean>> labels = new ArrayList<>();
  private Optional<Boolean> dangling = Optional.empty();
  private Instant before = Instant.MAX;
  private Instant since = Instant.MIN;
  private boolean timed;

  private ImageFilter() {}

  /**
   * Reads the values of the flag.
   *
   * @param known which of the filters there are
   * @throws UsageException when one is unknown or has no value
   */
  static ImageFilter parse(List<String> given, Set<String> known, Instant now, Creation creation)
      throws UsageException, IOException {
    ImageFilter filter = new ImageFilter();
    for (String one : given) {
      FilterWord word = FilterWord.parse(one, known);
      filter.add(word.name(), word.value(), now, creation);
    }
    return filter;
  }

  private void add(String key, String value, Instant now, Creation creation)
      throws UsageException, IOException {
    switch (key) {
      case "dangling" -> dangling = Optional.of(bool(value));
      case "reference" -> reference(value);
      case "label" -> labels.add(Map.entry(value, true));
      case "label!" -> labels.add(Map.entry(value, false));
      case "before" -> before(creation.of(value));
      case "until" -> before(Moment.parse(value, now));
      case "since" -> {
        Instant made = creation.of(value);
        Instant after = made.equals(Instant.MIN) ? made : made.plusNanos(1);
        since = after.isAfter(since) ? after : since;
        timed = true;
      }
      default -> throw new IllegalArgumentException(key);
    }
  }

  /** One more pattern of names. */
  void reference(String pattern) throws UsageException {
    references.add(Glob.parse(pattern));
  }

  private void before(Instant made) {
    before = made.isBefore(before) ? made : before;
    timed = true;
  }

  private static boolean bool(String value) throws UsageException {
    switch (value) {
      case "true", "1":
        return true;
      case "false", "0":
        return false;
      default:
        throw new UsageException("invalid filter \"dangling=" + Text.printable(value) + "\"");
    }
  }

  /** Whether dangling images were asked for, or those that are not. */
  Optional<Boolean> dangling() {
    return dangling;
  }

  boolean matches(ListedImage image) throws ImageException {
    if (dangling.isPresent() && dangling.get() != image.name().isEmpty()) {
      return false;
    }
    return matchesReference(image.name()) && matchesContent(image);
  }

  private boolean matchesReference(String name) throws ImageException {
    if (references.isEmpty()) {
      return true;
    }
    if (name.isEmpty()) {
      return false;
    }
    ImageRef reference = ImageRef.parse(name);
    String repository = ImageColumns.of(name).repository();
    for (Glob glob : references) {
      if (glob.matches(reference.tagged()) || glob.matches(repository)) {
        return true;
      }
    }
    return false;
  }

  /** {@link #matches} by labels and times alone; a damaged image has none. */
  boolean matchesContent(ListedImage stored) {
    if (stored.image().isEmpty()) {
      return labels.isEmpty() && !timed;
    }
    Image image = stored.image().get();
    Instant made = ImageColumns.created(image);
    boolean matches = !timed || made.isBefore(before) && !made.isBefore(since);
    for (Map.Entry<String, Boolean> label : labels) {
      matches &= FilterWord.isLabel(label.getKey(), image.config().labels()) == label.getValue();
    }
    return matches;
  }
}

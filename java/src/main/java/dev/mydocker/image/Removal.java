package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes names away, and images that have none left: the edit of the index, under its lock. The
 * rules are Docker's: a name goes alone while the image has others; with its last name goes the
 * image; what a container uses goes by force only, and what a running one uses does not go at all.
 */
final class Removal {
  private final ImageState state;
  private final List<Descriptor> index;
  private final List<ImageUsers.User> users;
  private final Set<String> untagged = new LinkedHashSet<>();
  private final List<Digest> deleted = new ArrayList<>();
  private final List<Told> told = new ArrayList<>();

  /** An event that is to come, when the index is written. */
  private record Told(String action, Digest id, String name) {}

  /** Works on a list that {@link Store#update} gave. */
  Removal(ImageState state, List<Descriptor> index, ImageUsers users) throws IOException {
    this.state = state;
    this.index = index;
    this.users = users.users();
  }

  Removed result() {
    return new Removed(List.copyOf(untagged), List.copyOf(deleted), 0);
  }

  /** Says what was done; for when the index is written. */
  void tell(ImageEvents events) {
    for (Told one : told) {
      events.happened(one.action(), one.id().toString(), Map.of("name", one.name()));
    }
  }

  /**
   * Removes what a user names.
   *
   * @throws ImageException NOT_FOUND; IN_USE
   */
  void remove(String text, boolean force) throws IOException {
    Catalog catalog = Catalog.read(state, index);
    List<Catalog.Entry> found = catalog.find(text);
    Digest id = found.get(0).id();
    List<Catalog.Entry> all = catalog.withId(id);
    boolean byName = !catalog.named(ImageRef.parse(text)).isEmpty();
    if (byName) {
      removeNames(text, found, all, id, force);
    } else {
      removeImage(all, id, force);
    }
  }

  private void removeNames(
      String text, List<Catalog.Entry> found, List<Catalog.Entry> all, Digest id, boolean force)
      throws IOException {
    boolean last = all.stream().filter(Catalog.Entry::isNamed).allMatch(found::contains);
    if (last && !force) {
      Optional<ImageUsers.User> user = user(id, false);
      if (user.isPresent()) {
        throw inUse(
            "unable to remove repository reference "
                + ImageException.quote(text)
                + " (must force) - container "
                + shortId(user.get())
                + " is using its referenced image "
                + id.shortHex());
      }
    }
    for (Catalog.Entry entry : found) {
      untag(entry);
    }
    if (last && user(id, true).isEmpty()) {
      delete(id, all);
    }
  }

  private void removeImage(List<Catalog.Entry> all, Digest id, boolean force) throws IOException {
    List<Catalog.Entry> named = all.stream().filter(Catalog.Entry::isNamed).toList();
    Optional<ImageUsers.User> running = user(id, true);
    if (running.isPresent()) {
      throw inUse(
          "unable to delete "
              + id.shortHex()
              + " (cannot be forced) - image is being used by running container "
              + shortId(running.get()));
    }
    Optional<ImageUsers.User> stopped = user(id, false);
    if (!force && named.size() > 1) {
      throw inUse(
          "unable to delete "
              + id.shortHex()
              + " (must be forced) - image is referenced in multiple repositories");
    }
    if (!force && stopped.isPresent()) {
      throw inUse(
          "unable to delete "
              + id.shortHex()
              + " (must be forced) - image is being used by stopped container "
              + shortId(stopped.get()));
    }
    for (Catalog.Entry entry : named) {
      untag(entry);
    }
    delete(id, all);
  }

  /** Removes an image with all its names, if no container uses it. */
  void prune(Catalog.Entry entry, Catalog catalog) throws IOException {
    if (user(entry.id(), false).isPresent()) {
      return;
    }
    List<Catalog.Entry> all = catalog.withId(entry.id());
    for (Catalog.Entry one : all) {
      if (one.isNamed()) {
        untag(one);
      }
    }
    delete(entry.id(), all);
  }

  private void untag(Catalog.Entry entry) throws ImageException {
    Store.take(index, entry.name());
    ImageRef reference = ImageRef.parse(entry.name());
    untagged.add(reference.tagged());
    told.add(new Told("untag", entry.id(), reference.tagged()));
    if (reference instanceof ImageRef.Registry registry && !keepsTag(registry, entry)) {
      untagged.add(registry.familiarRepository() + "@" + entry.manifest().digest());
    }
  }

  /** Whether the image still has a name in that repository. */
  private boolean keepsTag(ImageRef.Registry reference, Catalog.Entry entry) throws ImageException {
    for (Descriptor other : index) {
      boolean same = other.digest().equals(entry.manifest().digest());
      if (same
          && !Store.nameOf(other).isEmpty()
          && ImageRef.parse(Store.nameOf(other)) instanceof ImageRef.Registry registry
          && registry.repository().equals(reference.repository())) {
        return true;
      }
    }
    return false;
  }

  private void delete(Digest id, List<Catalog.Entry> entries) {
    for (Catalog.Entry entry : entries) {
      index.removeIf(d -> d.digest().equals(entry.manifest().digest()));
    }
    if (!deleted.contains(id)) {
      deleted.add(id);
      told.add(new Told("delete", id, id.toString()));
    }
  }

  private Optional<ImageUsers.User> user(Digest id, boolean running) {
    return users.stream()
        .filter(u -> u.imageId().equals(id) && (u.running() || !running))
        .findFirst();
  }

  private static String shortId(ImageUsers.User user) {
    return user.container().substring(0, 12);
  }

  private static ImageException inUse(String why) {
    return new ImageException(Kind.IN_USE, "conflict: " + why);
  }
}

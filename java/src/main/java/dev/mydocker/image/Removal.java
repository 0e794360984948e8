package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
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
    boolean byName = !catalog.named(ImageRef.parse(text)).isEmpty();
    if (byName) {
      removeNames(text, found, catalog, force);
    } else {
      Digest id = found.get(0).id();
      removeImage(catalog.withId(id), id, catalog, force);
    }
  }

  /** An image goes with its last name; an index is all of its images. */
  private void removeNames(String text, List<Catalog.Entry> found, Catalog catalog, boolean force)
      throws IOException {
    List<Catalog.Entry> all = catalog.sharing(found);
    boolean last = all.stream().filter(Catalog.Entry::isNamed).allMatch(found::contains);
    Set<Digest> ids = ids(found);
    if (last && !force) {
      Optional<ImageUsers.User> user = user(ids, false);
      if (user.isPresent()) {
        throw inUse(
            "unable to remove repository reference "
                + ImageException.quote(text)
                + " (must force) - container "
                + user.get().shortId()
                + " is using its referenced image "
                + user.get().imageId().shortHex());
      }
    }
    for (Catalog.Entry entry : found) {
      untag(entry);
    }
    if (last && user(ids, true).isEmpty()) {
      delete(all, catalog);
    } else if (!last && user(ids, false).isEmpty()) {
      // What another name has of an index stays; the rest would have no name at all.
      delete(found.stream().filter(this::isNamelessIndex).toList(), catalog);
    }
  }

  private boolean isNamelessIndex(Catalog.Entry entry) {
    Digest digest = entry.manifest().digest();
    return MediaType.isIndex(entry.manifest().mediaType())
        && index.stream()
            .filter(d -> d.digest().equals(digest))
            .allMatch(d -> Store.nameOf(d).isEmpty());
  }

  private static Set<Digest> ids(List<Catalog.Entry> entries) {
    Set<Digest> ids = new LinkedHashSet<>();
    entries.forEach(e -> ids.addAll(e.ids()));
    return ids;
  }

  private void removeImage(List<Catalog.Entry> all, Digest id, Catalog catalog, boolean force)
      throws IOException {
    List<Catalog.Entry> named = all.stream().filter(Catalog.Entry::isNamed).toList();
    Set<Digest> ids = ids(all);
    Optional<ImageUsers.User> running = user(ids, true);
    if (running.isPresent()) {
      throw inUse(
          "unable to delete "
              + id.shortHex()
              + " (cannot be forced) - image is being used by running container "
              + running.get().shortId());
    }
    Optional<ImageUsers.User> stopped = user(ids, false);
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
              + stopped.get().shortId());
    }
    for (Catalog.Entry entry : named) {
      untag(entry);
    }
    delete(all, catalog);
  }

  /** Removes an image with all its names, if no container uses it. */
  void prune(Catalog.Entry entry, Catalog catalog) throws IOException {
    if (user(Set.copyOf(entry.ids()), false).isPresent()) {
      return;
    }
    List<Catalog.Entry> same =
        catalog.entries().stream()
            .filter(e -> e.manifest().digest().equals(entry.manifest().digest()))
            .toList();
    for (Catalog.Entry one : same) {
      if (one.isNamed() && index.contains(one.manifest())) {
        untag(one);
      }
    }
    delete(same, catalog);
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

  /** Removes these, and tells of the images that are in nothing else. */
  private void delete(List<Catalog.Entry> entries, Catalog catalog) {
    for (Catalog.Entry entry : entries) {
      index.removeIf(d -> d.digest().equals(entry.manifest().digest()));
    }
    Set<Digest> left = new HashSet<>();
    index.forEach(d -> left.add(d.digest()));
    Set<Digest> kept = new HashSet<>();
    for (Catalog.Entry entry : catalog.entries()) {
      if (left.contains(entry.manifest().digest())) {
        kept.addAll(entry.ids());
      }
    }
    for (Digest id : ids(entries)) {
      if (!kept.contains(id) && !deleted.contains(id)) {
        deleted.add(id);
        told.add(new Told("delete", id, id.toString()));
      }
    }
  }

  private Optional<ImageUsers.User> user(Set<Digest> ids, boolean running) {
    return users.stream()
        .filter(u -> ids.contains(u.imageId()) && (u.running() || !running))
        .findFirst();
  }

  private static ImageException inUse(String why) {
    return new ImageException(Kind.IN_USE, "conflict: " + why);
  }
}

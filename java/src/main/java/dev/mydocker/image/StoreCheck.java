package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Stat;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks at everything in a state root that belongs to images.
 *
 * <p>Checked are: the index and its copy against their checksums; every blob against its digest, by
 * reading it; that the manifest, configuration, layer blobs and unpacked layers of every image, and
 * the layers of every container, are there; that nothing lies about that has no place here, and
 * what nobody refers to. Not checked is what is inside a layer's directory: a digest is of a tar's
 * bytes, and no tar made from files again has the same ones.
 */
final class StoreCheck {
  private static final Set<String> LAYOUT =
      Set.of("blobs", "index.json", "index.json.copy", "index.json.new", "oci-layout");

  private final ImageState state;
  private final ImageUsers users;
  private final UnpackLimits limits;
  private final Set<Digest> verified = new HashSet<>();

  StoreCheck(ImageState state, ImageUsers users, UnpackLimits limits) {
    this.state = state;
    this.users = users;
    this.limits = limits;
  }

  /** What one look finds. */
  private static final class Findings {
    private final List<String> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<Digest, Stat> damaged = new HashMap<>();
    private final Map<Directory, List<byte[]>> strangers = new HashMap<>();
    private final Set<ImageUsers.User> unmapped = new LinkedHashSet<>();
    private int images;
    private int blobs;
    private long bytes;
    private int layers;
  }

  CheckReport run(boolean repair) throws IOException {
    state.attendMapped();
    try (Directory root = Directory.open(state.root());
        Directory images = open(root, "images");
        Directory blobs = open(root, "images/blobs");
        Directory sha256 = open(root, "images/blobs/sha256");
        Directory sha512 = open(root, "images/blobs/sha512");
        Mapped mapped = new Mapped(state, root)) {
      List<Place> places = new ArrayList<>();
      places.addAll(
          List.of(
              new Place(images, "images", Set.copyOf(LAYOUT)),
              new Place(blobs, "images/blobs", Set.of("sha256", "sha512")),
              new Place(sha256, "images/blobs/sha256", "sha256", false),
              new Place(sha512, "images/blobs/sha512", "sha512", false),
              new Place(state.layers(), "layers", "sha256", true)));
      mapped.addTo(places);
      Findings found = look(places);
      List<String> repairs = new ArrayList<>();
      List<String> remaining = found.problems;
      if (repair) {
        repair(found, repairs);
        remaining = look(places).problems;
      }
      return new CheckReport(
          found.images,
          found.blobs,
          found.bytes,
          found.layers,
          List.copyOf(found.problems),
          List.copyOf(found.notes),
          List.copyOf(repairs),
          List.copyOf(remaining));
    }
  }

  /** The directories of layers with other owners, and the one that has them all. */
  private static final class Mapped implements AutoCloseable {
    private final Optional<Directory> all;
    private final Map<String, Directory> each;

    Mapped(ImageState state, Directory root) throws IOException {
      all = root.findDirectory(Overlay.bytes(ImageState.MAPPED), Directory.Resolve.BENEATH);
      each = state.allMapped();
    }

    void addTo(List<Place> places) {
      all.ifPresent(d -> places.add(new Place(d, ImageState.MAPPED, each.keySet())));
      each.forEach(
          (name, d) -> places.add(new Place(d, ImageState.MAPPED + "/" + name, "sha256", true)));
    }

    @Override
    public void close() {
      all.ifPresent(Directory::close);
      each.values().forEach(Directory::close);
    }
  }

  private static Directory open(Directory root, String path) throws IOException {
    return root.openDirectory(Overlay.bytes(path), Directory.Resolve.BENEATH);
  }

  /**
   * A directory of the state, and what may be in it.
   *
   * @param names these
   * @param algorithm or, when not empty, files named by its digits
   * @param directories whether those are directories
   */
  private record Place(
      Directory directory, String path, Set<String> names, String algorithm, boolean directories) {

    Place(Directory directory, String path, Set<String> names) {
      this(directory, path, names, "", false);
    }

    Place(Directory directory, String path, String algorithm, boolean directories) {
      this(directory, path, Set.of(), algorithm, directories);
    }

    boolean mayHave(String name, Stat stat) {
      return algorithm.isEmpty()
          ? names.contains(name)
          : Digest.find(algorithm, name).isPresent()
              && (directories ? stat.isDirectory() : stat.isRegular());
    }
  }

  private Findings look(List<Place> places) throws IOException {
    Findings found = new Findings();
    found.problems.addAll(state.store().indexDamage());
    for (Place place : places) {
      strangers(place, found);
    }
    images(found);
    containers(found);
    for (Digest blob : state.store().blobs()) {
      hash(blob, found);
    }
    unreferenced(found);
    abandoned(found);
    return found;
  }

  private static void strangers(Place place, Findings found) throws IOException {
    for (Directory.Entry entry : place.directory().list()) {
      String name = Overlay.text(entry.name());
      Optional<Stat> stat = place.directory().find(entry.name());
      if (stat.isPresent() && !place.mayHave(name, stat.get())) {
        found.problems.add(
            place.path() + "/" + Overlay.printable(name) + " has no place in the store");
        found
            .strangers
            .computeIfAbsent(place.directory(), d -> new ArrayList<>())
            .add(entry.name());
      }
    }
  }

  private void images(Findings found) throws IOException {
    Catalog catalog = Catalog.read(state, state.store().manifests());
    List<Descriptor> still = state.store().manifests();
    for (Catalog.Entry entry : catalog.entries()) {
      found.images++;
      if (entry.damage().isPresent() && still.contains(entry.manifest())) {
        found.problems.add(ListedImage.of(entry).shown() + ": " + entry.damage().get());
      }
    }
  }

  private void containers(Findings found) throws IOException {
    for (ImageUsers.User user : users.users()) {
      if (user.owners().isPresent()) {
        mapped(user, user.owners().get(), found);
      }
      for (Digest layer : user.layers()) {
        if (!state.hasLayer(layer)) {
          found.problems.add("container " + user.shortId() + ": layer " + layer + " is missing");
        }
      }
    }
  }

  private void mapped(ImageUsers.User user, Owners owners, Findings found) throws IOException {
    Map<String, Directory> all = state.allMapped();
    try {
      Optional<Directory> own = Optional.ofNullable(all.get(owners.directoryName()));
      for (Digest layer : user.layers()) {
        byte[] name = Overlay.bytes(layer.hex());
        if (own.isEmpty() || own.get().find(name).filter(Stat::isDirectory).isEmpty()) {
          found.problems.add(
              "container " + user.shortId() + ": layer " + layer + " with its owners is missing");
          found.unmapped.add(user);
        }
      }
    } finally {
      all.values().forEach(Directory::close);
    }
  }

  private void hash(Digest blob, Findings found) throws IOException {
    Optional<Stat> stat = state.store().stat(blob);
    if (verified.contains(blob) || stat.isEmpty() || !stat.get().isRegular()) {
      return;
    }
    MessageDigest hash = blob.newHash();
    try (InputStream in = state.store().open(blob)) {
      byte[] buffer = new byte[64 * 1024];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hash.update(buffer, 0, n);
      }
    } catch (ImageException e) {
      if (e.kind() == Kind.NOT_FOUND) {
        return;
      }
      throw e;
    }
    found.blobs++;
    found.bytes += stat.get().size();
    Digest actual = Digest.of(blob.algorithm(), hash.digest());
    if (actual.equals(blob)) {
      verified.add(blob);
    } else {
      found.damaged.put(blob, stat.get());
      found.problems.add("blob " + blob + " is damaged: its content has digest " + actual);
    }
  }

  private void unreferenced(Findings found) throws IOException {
    Reach reach;
    List<Digest> blobs;
    List<Digest> layers;
    try (Fd lock = state.store().lock()) {
      reach = Reach.of(state, users);
      blobs = state.store().blobs();
      layers = state.layerIds();
    }
    found.layers = layers.size();
    for (Digest blob : blobs) {
      if (!reach.blobs().contains(blob)) {
        found.notes.add("blob " + blob + ": nothing refers to it");
      }
    }
    for (Digest layer : layers) {
      if (!reach.layers().contains(layer)) {
        found.notes.add("layer " + layer + ": nothing refers to it");
      }
    }
  }

  /** What those who died while they worked have left. */
  private void abandoned(Findings found) throws IOException {
    for (String name : Workplace.abandoned(state.work())) {
      found.notes.add("work/" + Overlay.printable(name) + " is of somebody who was killed");
    }
    for (String name : StateLock.abandoned(state.locks())) {
      found.notes.add("locks/" + Overlay.printable(name) + " is of somebody who was killed");
    }
  }

  // ---- repairs ----------------------------------------------------------------------------------

  private void repair(Findings found, List<String> repairs) throws IOException {
    for (Map.Entry<Digest, Stat> damaged : found.damaged.entrySet()) {
      // A pull may have put a whole one there since.
      Optional<Stat> now = state.store().stat(damaged.getKey());
      if (now.isPresent() && now.get().inode() == damaged.getValue().inode()) {
        state.store().discard(damaged.getKey());
        repairs.add("removed blob " + damaged.getKey());
      }
    }
    for (Map.Entry<Directory, List<byte[]>> strangers : found.strangers.entrySet()) {
      for (byte[] name : strangers.getValue()) {
        strangers.getKey().removeTree(name);
        repairs.add("removed " + Overlay.printable(Overlay.text(name)));
      }
    }
    if (!state.store().indexDamage().isEmpty()) {
      repairs.add("wrote the index and its copy again");
    }
    repairs.addAll(state.store().update(this::forgetLost));
    unpack(repairs);
    unpackMapped(found, repairs);
    Collector.Garbage garbage = new Collector(state, users).collect();
    garbage.blobs().forEach(d -> repairs.add("removed blob " + d + ", nothing refers to it"));
    garbage.layers().forEach(d -> repairs.add("removed layer " + d + ", nothing refers to it"));
  }

  /** Takes images out of the index whose documents are lost: there is nothing to be had of them. */
  private List<String> forgetLost(List<Descriptor> index) throws IOException {
    List<String> repairs = new ArrayList<>();
    for (Catalog.Entry entry : Catalog.read(state, index).entries()) {
      if (entry.contents().isEmpty()) {
        index.remove(entry.manifest());
        repairs.add("removed image " + ListedImage.of(entry).shown());
      } else if (entry.damage().isPresent() && MediaType.isIndex(entry.manifest().mediaType())) {
        Set<Digest> lost = lost(entry);
        for (Digest manifest : lost) {
          repairs.add("removed " + manifest + " of " + ListedImage.of(entry).shown());
        }
        Store.set(index, entry.manifest().digest(), Present.of(entry.manifest()).without(lost));
      }
    }
    return repairs;
  }

  /**
   * Manifests of an index that are of no use: an image's documents are lost, or another's blobs.
   */
  private Set<Digest> lost(Catalog.Entry entry) throws IOException {
    StoreSource source = new StoreSource(state.store(), entry.name(), entry.manifest());
    Present present = Present.of(entry.manifest());
    Set<Digest> lost = new HashSet<>(present.all());
    entry.images().forEach(image -> lost.remove(image.document().digest()));
    for (Descriptor each : Index.parse(source.top()).distinct()) {
      if (present.blobs().contains(each.digest())) {
        if (Catalog.missing(source, each).isEmpty()) {
          lost.remove(each.digest());
        } else {
          lost.add(each.digest());
        }
      }
    }
    return lost;
  }

  /** Makes the layers again that containers have with owners of their own. */
  private void unpackMapped(Findings found, List<String> repairs) throws IOException {
    for (Catalog.Entry entry : Catalog.read(state, state.store().manifests()).entries()) {
      for (ImageUsers.User user : found.unmapped) {
        if (entry.contents().isEmpty() || !entry.id().equals(user.imageId())) {
          continue;
        }
        String name = ListedImage.of(entry).shown();
        StoreSource source = new StoreSource(state.store(), name, entry.manifest());
        Contents contents = entry.contents().get();
        try (ImageState mapped = state.mapped(user.owners().orElseThrow())) {
          new ImageFetch(mapped, source, contents, limits, PullListener.NONE).complete();
          repairs.add("unpacked " + name + " for container " + user.shortId());
        } catch (ImageException e) {
          repairs.add(name + " has to be pulled again: " + e.getMessage());
        }
      }
    }
  }

  /** Makes layers again whose blobs are here. */
  private void unpack(List<String> repairs) throws IOException {
    for (Catalog.Entry entry : Catalog.read(state, state.store().manifests()).entries()) {
      if (entry.contents().isEmpty() || entry.damage().isEmpty()) {
        continue;
      }
      String name = ListedImage.of(entry).shown();
      try {
        StoreSource source = new StoreSource(state.store(), name, entry.manifest());
        for (Contents image : entry.images()) {
          Present present = Present.of(entry.manifest());
          if (!present.blobs().contains(image.document().digest())) {
            new ImageFetch(state, source, image, limits, PullListener.NONE).complete();
          }
        }
        repairs.add("unpacked " + name + " again");
      } catch (ImageException e) {
        repairs.add(name + " has to be pulled again: " + e.getMessage());
      }
    }
  }
}

package dev.mydocker.engine;

import dev.mydocker.image.Digest;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageUsers;
import dev.mydocker.image.Owners;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the containers' records need of the images. */
final class ContainerImages implements ImageUsers {
  private final Roots roots;
  private final ContainerStore store;

  ContainerImages(Roots roots) {
    this.roots = roots;
    this.store = new ContainerStore(roots);
  }

  @Override
  public List<User> users() throws IOException {
    List<User> users = new ArrayList<>();
    for (String id : store.ids()) {
      try {
        user(id).ifPresent(users::add);
      } catch (ContainerException | ImageException e) {
        throw new IOException(
            "cannot tell which layers container "
                + ContainerId.shown(id)
                + " needs, so nothing is removed: "
                + e.getMessage(),
            e);
      }
    }
    return users;
  }

  /** Those that can be told. */
  List<User> known() throws IOException {
    List<User> users = new ArrayList<>();
    for (String id : store.ids()) {
      try {
        user(id).ifPresent(users::add);
      } catch (ContainerException | ImageException damaged) {
        continue;
      }
    }
    return users;
  }

  private Optional<User> user(String id) throws IOException {
    Optional<ContainerRecord> record = store.find(id);
    if (record.isEmpty()) {
      return Optional.empty();
    }
    List<Digest> layers = new ArrayList<>();
    for (String layer : record.get().layers()) {
      layers.add(Digest.parse(layer));
    }
    boolean running = Files.exists(roots.running().resolve(id));
    Optional<Owners> owners = Home.owners(UserRanges.of(store, id));
    return Optional.of(new User(id, Digest.parse(record.get().imageId()), layers, running, owners));
  }
}

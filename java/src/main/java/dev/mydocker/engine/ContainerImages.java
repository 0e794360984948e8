package dev.mydocker.engine;

import dev.mydocker.image.Digest;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageUsers;
import dev.mydocker.json.JsonException;
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
        Optional<ContainerRecord> record = store.find(id);
        if (record.isPresent()) {
          users.add(user(record.get()));
        }
      } catch (JsonException | ImageException e) {
        throw new IOException(
            "cannot tell which layers container "
                + id.substring(0, 12)
                + " needs, so nothing is removed: its record.json is damaged: "
                + e.getMessage(),
            e);
      }
    }
    return users;
  }

  private User user(ContainerRecord record) throws ImageException {
    List<Digest> layers = new ArrayList<>();
    for (String layer : record.layers()) {
      layers.add(Digest.parse(layer));
    }
    boolean running = Files.exists(roots.running().resolve(record.id()));
    return new User(record.id(), Digest.parse(record.imageId()), layers, running);
  }
}

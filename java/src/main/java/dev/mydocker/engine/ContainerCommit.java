package dev.mydocker.engine;

import dev.mydocker.image.Image;
import dev.mydocker.image.ImageMaker;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Images;
import dev.mydocker.image.Owners;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Directory;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Makes an image of a container's image and what it has changed of it. */
final class ContainerCommit {
  private final StoredContainer container;
  private final Images images;
  private final ImageMaker.Description description;

  /**
   * What is to be made.
   *
   * @param images of the container's engine
   * @param description of the new image
   */
  ContainerCommit(StoredContainer container, Images images, ImageMaker.Description description) {
    this.container = container;
    this.images = images;
    this.description = description;
  }

  /**
   * Makes it. Nobody can start the container meanwhile.
   *
   * @param pause whether its processes stand still meanwhile
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  Image make(boolean pause) throws IOException {
    try (ContainerHold hold = ContainerHold.of(container.home(), container.id())) {
      ContainerRecord record = container.record();
      ContainerLayer layer = ContainerLayer.of(container.home(), record);
      if (hold.run().isPresent()) {
        layer.prepare();
      }
      Image base = images.local().details(record.imageId()).image();
      boolean stops = pause && hold.process().isPresent();
      if (stops && !container.cgroup().exists()) {
        throw new IOException(
            "without a cgroup its processes cannot stand still meanwhile: commit with"
                + " --pause=false, or stop it first");
      }
      boolean frozen = stops && !container.cgroup().isFrozen();
      if (frozen) {
        container.cgroup().freeze();
      }
      try {
        Image image = addLayer(base, layer);
        container.home().events().container(record, "commit", told(image));
        return image;
      } finally {
        if (frozen) {
          container.thaw();
        }
      }
    }
  }

  private Image addLayer(Image base, ContainerLayer layer) throws IOException {
    Optional<Owners> owners = Home.owners(UserRanges.of(container.home().store(), container.id()));
    try (Directory upper = Directory.open(layer.upper())) {
      return images.maker().addLayer(base, upper, owners, description, PullListener.NONE);
    }
  }

  private Map<String, String> told(Image image) {
    return Map.of(
        "comment", description.comment().orElse(""),
        "imageID", image.imageId().toString(),
        "imageRef", description.name().map(ImageRef::tagged).orElse(""));
  }
}

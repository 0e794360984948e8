package dev.mydocker.cli;

import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageDetails;
import dev.mydocker.image.ImageException;
import dev.mydocker.image.ImageRef;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An image as {@code docker inspect} shows it. */
final class ImageDocument {
  private ImageDocument() {}

  static Json.Obj of(ImageDetails details) throws ImageException, JsonException {
    Image image = details.image();
    Json.Obj config = details.config();
    List<String> tags = new ArrayList<>();
    for (String name : details.names()) {
      ImageRef reference = ImageRef.parse(name);
      boolean tagged = !(reference instanceof ImageRef.Registry r) || r.tag().isPresent();
      if (tagged) {
        tags.add(reference.tagged());
      }
    }
    Json.Builder out =
        Json.object()
            .put("Id", image.imageId().toString())
            .putStrings("RepoTags", tags)
            .putStrings("RepoDigests", details.repositoryDigests())
            .put("Parent", "")
            .put("Comment", config.string("comment").orElse(""))
            .put("Created", config.string("created").orElse(""))
            .put("DockerVersion", config.string("docker_version").orElse(""))
            .put("Author", config.string("author").orElse(""))
            .put("Config", config.object("config").orElse(Json.object().build()))
            .put("Architecture", image.config().platform().architecture());
    if (!image.config().platform().variant().isEmpty()) {
      out.put("Variant", image.config().platform().variant());
    }
    return out.put("Os", image.config().platform().os())
        .put("Size", image.size())
        .put("GraphDriver", driver(details.directories()))
        .put(
            "RootFS",
            Json.object()
                .put("Type", "layers")
                .putStrings("Layers", image.diffIds().stream().map(Digest::toString).toList())
                .build())
        .put(
            "Descriptor",
            Json.object()
                .put("mediaType", details.mediaType())
                .put("digest", details.digest().toString())
                .put("size", details.documentSize())
                .build())
        .build();
  }

  /** Where the layers are, in the order of overlayfs's option: the uppermost first. */
  private static Json.Obj driver(List<Path> layers) {
    List<String> lower = new ArrayList<>();
    for (Path layer : layers) {
      lower.add(0, layer.toString());
    }
    return Json.object()
        .put("Name", "overlay2")
        .put("Data", Json.object().put("LowerDir", String.join(":", lower)).build())
        .build();
  }
}

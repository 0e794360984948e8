package dev.mydocker.image;

import dev.mydocker.json.Json;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything about one image of the store.
 *
 * @param image what its documents say
 * @param names all its full references
 * @param repositoryDigests {@code repository@digest} for those of registries
 * @param mediaType its manifest's type
 * @param manifestSize bytes of its manifest
 * @param config its configuration as it came
 * @param layerSizes bytes of each layer as it is stored, the lowest first
 * @param directories of its layers as they are unpacked, the lowest first
 */
public record ImageDetails(
    Image image,
    List<String> names,
    List<String> repositoryDigests,
    String mediaType,
    long manifestSize,
    Json.Obj config,
    List<Long> layerSizes,
    List<Path> directories) {}

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
 * @param digest of what its name stands for, an index or a manifest; of its own manifest when it
 *     was asked for by a platform or an id
 * @param mediaType the type of that document
 * @param documentSize bytes of it
 * @param config its configuration as it came
 * @param layerSizes bytes of each layer as it is stored, the lowest first
 * @param directories of its layers as they are unpacked, the lowest first
 */
public record ImageDetails(
    Image image,
    List<String> names,
    List<String> repositoryDigests,
    Digest digest,
    String mediaType,
    long documentSize,
    Json.Obj config,
    List<Long> layerSizes,
    List<Path> directories) {}

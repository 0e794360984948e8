package dev.mydocker.image;

import java.util.List;

/**
 * An image of the local store.
 *
 * @param name the full reference it is kept under: {@code docker.io/library/busybox:latest}
 * @param digest of what its name stands for: the index that lists its manifest, else the manifest
 * @param manifestDigest the digest of its manifest
 * @param imageId the digest of its configuration, which Docker calls the image's id
 * @param config its configuration
 * @param diffIds the digests of its uncompressed layers, the lowest first
 * @param size bytes of its configuration and its layers as they are stored
 */
public record Image(
    String name,
    Digest digest,
    Digest manifestDigest,
    Digest imageId,
    ImageConfig config,
    List<Digest> diffIds,
    long size) {}

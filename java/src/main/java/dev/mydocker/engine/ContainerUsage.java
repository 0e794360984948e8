package dev.mydocker.engine;

import dev.mydocker.image.ImageUsers;

/**
 * What a container takes of the disk beside its image.
 *
 * @param user the container
 * @param bytes of the files in its writable layer
 */
public record ContainerUsage(ImageUsers.User user, long bytes) {}

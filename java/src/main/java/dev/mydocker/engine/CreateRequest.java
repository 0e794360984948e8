package dev.mydocker.engine;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.RunOptions;

/**
 * A container that is asked for.
 *
 * @param options what the user asked of it
 * @param platform which of an image's variants
 * @param pull when its image is fetched
 */
public record CreateRequest(RunOptions options, Platform platform, PullPolicy pull) {}

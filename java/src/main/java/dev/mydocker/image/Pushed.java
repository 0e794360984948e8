package dev.mydocker.image;

import java.util.Optional;

/**
 * What a registry has after a push.
 *
 * @param tag the tag
 * @param digest of the manifest or index that it names
 * @param size bytes of that document
 * @param insteadOf the index that it was sent instead of, as not all of that is here
 */
public record Pushed(String tag, Digest digest, long size, Optional<Digest> insteadOf) {}

package dev.mydocker.image;

/**
 * What a registry has after a push.
 *
 * @param tag the tag
 * @param digest of the manifest or index that it names
 * @param size bytes of that document
 */
public record Pushed(String tag, Digest digest, long size) {}

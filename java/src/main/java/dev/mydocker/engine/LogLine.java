package dev.mydocker.engine;

import java.time.Instant;

/**
 * A line that a container has printed.
 *
 * @param time when its monitor read its beginning
 * @param stderr whether it was written to the standard error
 * @param text read as UTF-8, without the end of the line
 */
public record LogLine(Instant time, boolean stderr, String text) {}

package dev.mydocker.image;

import java.time.Duration;

/**
 * How long a peer may take.
 *
 * @param connect for a connection, and for the TLS handshake
 * @param idle without a byte
 * @param window in which a peer must give {@link #MIN_PROGRESS} bytes, or a whole head
 * @param retry before the second attempt; doubled before each further one
 */
record HttpTiming(Duration connect, Duration idle, Duration window, Duration retry) {
  static final HttpTiming DEFAULT =
      new HttpTiming(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofMillis(500));

  /** Bytes of a body in one window, below which the peer counts as stalled. */
  static final int MIN_PROGRESS = 16 << 10;
}

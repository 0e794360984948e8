package dev.mydocker.image;

import java.io.IOException;

/** Takes the entries of a tar, one after the other. */
interface TarSink {

  /**
   * Begins an entry; its data, as many bytes as its size says, comes by {@link #write}. A
   * directory's name ends in a slash.
   */
  void put(TarEntry entry) throws IOException;

  /** Data of the entry that was put last. */
  void write(byte[] data, int offset, int length) throws IOException;

  /** Ends the archive. */
  void finish() throws IOException;
}

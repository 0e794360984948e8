package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;

/** The files of an image that is stored as files: a directory, or an archive of one. */
interface Members extends AutoCloseable {

  /** Whether there is a regular file at exactly this path. */
  boolean has(String path) throws IOException;

  /** Its size in bytes. */
  long size(String path) throws IOException;

  /**
   * Its content from the first byte on. May be called by several threads at once.
   *
   * @throws ImageException NOT_FOUND
   */
  InputStream open(String path) throws IOException;

  /** A whole document of at most {@code limit} bytes. */
  default byte[] document(String path, int limit) throws IOException {
    try (InputStream in = open(path)) {
      return Documents.read(in, limit, ImageException.quote(path));
    }
  }

  @Override
  void close() throws IOException;
}

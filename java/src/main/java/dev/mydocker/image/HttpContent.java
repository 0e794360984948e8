package dev.mydocker.image;

import java.io.IOException;
import java.io.OutputStream;

/** What a request carries. It can be written again when a request has to be repeated. */
interface HttpContent {
  HttpContent NONE = of(new byte[0]);

  /** Exactly how many bytes {@link #writeTo} writes. */
  long length();

  /** Writes it from its first byte on. */
  void writeTo(OutputStream out) throws IOException;

  static HttpContent of(byte[] bytes) {
    return new HttpContent() {
      @Override
      public long length() {
        return bytes.length;
      }

      @Override
      public void writeTo(OutputStream out) throws IOException {
        out.write(bytes);
      }
    };
  }
}

package dev.mydocker.launch;

import java.io.IOException;

/** Where a container's output goes; called by one thread, with a buffer that is used again. */
public interface Output {
  /** To nobody. */
  Output NONE =
      new Output() {
        @Override
        public void stdout(byte[] buffer, int offset, int length) {}

        @Override
        public void stderr(byte[] buffer, int offset, int length) {}
      };

  void stdout(byte[] buffer, int offset, int length) throws IOException;

  void stderr(byte[] buffer, int offset, int length) throws IOException;
}

package dev.mydocker.spec;

import java.io.IOException;

/**
 * Turns options, an image's configuration and the host's facts into an OCI configuration, with the
 * reason for each part of it. A pure function but for the image's passwd and group, which it reads
 * when a name has to be looked up.
 */
public final class SpecCompiler {
  private SpecCompiler() {}

  /**
   * Compiles.
   *
   * @throws OptionException when the parts do not agree with each other, the image or the host
   * @throws IOException when the image's files cannot be read
   */
  public static CompiledSpec compile(
      RunOptions options, ImageDefaults image, ImageFiles files, HostFacts host)
      throws OptionException, IOException {
    throw new UnsupportedOperationException();
  }
}

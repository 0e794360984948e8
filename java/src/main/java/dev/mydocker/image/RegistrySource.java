package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** An image of a registry, over the OCI distribution-spec's pull API. */
final class RegistrySource implements ImageSource {

  private RegistrySource() {}

  /**
   * Prepares to fetch; nothing is sent yet.
   *
   * @param environment where the configuration files are looked for, and the proxy
   * @param listener hears every request, {@link PullListener#call}
   */
  static RegistrySource open(
      ImageRef.Registry reference, Map<String, String> environment, PullListener listener)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public String name() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Document top() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}

package dev.mydocker.image;

import java.io.IOException;
import java.io.InputStream;

/** An image whose blobs are in the store already, for making its layers again. */
record StoreSource(Store store, String name, Descriptor image) implements ImageSource {

  @Override
  public Document top() throws IOException {
    return manifest(image);
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    byte[] bytes = store.read(descriptor, "manifest " + descriptor.digest());
    return new Document(descriptor.mediaType(), bytes, descriptor.digest());
  }

  @Override
  public byte[] configuration(Descriptor descriptor) throws IOException {
    return store.read(descriptor, "configuration of " + name);
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    return store.open(descriptor.digest());
  }

  /** The store stays open. */
  @Override
  public void close() {}
}

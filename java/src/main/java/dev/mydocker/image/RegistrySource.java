package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image of a registry, over the OCI distribution-spec's pull API. Where mirrors are configured,
 * each request goes to the first of them that answers it.
 */
final class RegistrySource implements ImageSource {
  private static final String ACCEPT =
      String.join(
          ", ",
          MediaType.OCI_INDEX,
          MediaType.OCI_MANIFEST,
          MediaType.DOCKER_LIST,
          MediaType.DOCKER_MANIFEST);

  private final ImageRef.Registry reference;
  private final RegistryHttp http;
  private final List<RegistryEndpoint> endpoints;

  private RegistrySource(
      ImageRef.Registry reference, RegistryHttp http, List<RegistryEndpoint> endpoints) {
    this.reference = reference;
    this.http = http;
    this.endpoints = endpoints;
  }

  /**
   * Prepares to fetch; nothing is sent yet.
   *
   * @param environment where the configuration files are looked for, and the proxy
   * @param listener hears every request, {@link PullListener#call}
   * @throws ImageException CONFIGURATION
   */
  static RegistrySource open(
      ImageRef.Registry reference, Map<String, String> environment, PullListener listener)
      throws IOException {
    return open(reference, environment, listener, HttpTiming.DEFAULT);
  }

  /** {@link #open} with other limits to a peer's slowness. */
  static RegistrySource open(
      ImageRef.Registry reference,
      Map<String, String> environment,
      PullListener listener,
      HttpTiming timing)
      throws IOException {
    try {
      RegistriesConf conf = RegistriesConf.load(environment);
      RegistryHttp http = new RegistryHttp(environment, timing, listener::call, conf::isInsecure);
      Credentials credentials = new Credentials(environment);
      List<RegistryEndpoint> endpoints = new ArrayList<>();
      for (ImageRef.Registry place : conf.locate(reference)) {
        endpoints.add(
            new RegistryEndpoint(
                http, place.domain(), place.path(), credentials::find, RegistryAuth.Purpose.PULL));
      }
      return new RegistrySource(reference, http, List.copyOf(endpoints));
    } catch (IOException e) {
      throw failure(reference, e, reference.domain());
    }
  }

  @Override
  public String name() {
    return reference.name();
  }

  @Override
  public Document top() throws IOException {
    String name = reference.digest().map(Digest::toString).or(reference::tag).orElseThrow();
    return document(name, reference.digest());
  }

  @Override
  public Document manifest(Descriptor descriptor) throws IOException {
    return document(descriptor.digest().toString(), Optional.of(descriptor.digest()));
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    String tail = "blobs/" + descriptor.digest();
    String wanted = "blob " + descriptor.digest().shortHex();
    return firstOf(
        endpoint -> {
          String host = endpoint.domain();
          return new ResumingInput(
              http,
              endpoint.get(tail, Map.of(), wanted),
              headers -> endpoint.get(tail, headers, wanted),
              cause -> failure(reference, cause, host));
        });
  }

  private Document document(String name, Optional<Digest> expected) throws IOException {
    String tail = "manifests/" + name;
    return firstOf(
        endpoint -> {
          try (HttpAnswer answer = endpoint.get(tail, Map.of("Accept", ACCEPT), "manifest")) {
            Document document =
                Document.of(
                    MediaType.strip(answer.head().first("content-type").orElse("")),
                    answer.bytes(Document.MAX_SIZE, "the manifest"));
            Optional<Digest> wanted = expected.isPresent() ? expected : declared(answer.head());
            if (wanted.isPresent() && !wanted.get().matches(document.bytes())) {
              throw new ImageException(
                  Kind.DIGEST_MISMATCH,
                  "the manifest has digest "
                      + document.digest()
                      + " instead of "
                      + wanted.get()
                      + ": the registry's content is damaged");
            }
            return document;
          }
        });
  }

  /** What the registry says the manifest's digest is; it must be so. */
  private static Optional<Digest> declared(HttpHead head) throws ImageException {
    Optional<String> text = head.first("docker-content-digest").filter(t -> !t.isEmpty());
    return text.isPresent() ? Optional.of(Digest.parse(text.get())) : Optional.empty();
  }

  /** Something that is fetched from one of the places. */
  private interface Fetch<T> {
    T from(RegistryEndpoint endpoint) throws IOException;
  }

  private <T> T firstOf(Fetch<T> fetch) throws IOException {
    for (int i = 0; ; i++) {
      RegistryEndpoint endpoint = endpoints.get(i);
      try {
        return fetch.from(endpoint);
      } catch (IOException e) {
        // A mirror's failure is of no interest when another place has the image.
        if (i == endpoints.size() - 1 || Thread.currentThread().isInterrupted()) {
          throw failure(reference, e, endpoint.domain());
        }
      }
    }
  }

  private static IOException failure(ImageRef.Registry reference, IOException e, String host) {
    ImageException why = RegistryError.of(e, host);
    return new ImageException(
        why.kind(), "cannot pull " + reference.familiar() + ": " + why.getMessage(), e);
  }

  @Override
  public void close() {
    http.close();
  }
}

package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Where an image comes from, parsed once from what the user wrote. */
public sealed interface ImageRef {

  /** The full name under which the store keeps the image; parsing it gives an equal reference. */
  String name();

  /** The name as people write it: without what Docker adds by default. */
  default String familiar() {
    return name();
  }

  /** {@link #familiar} with its tag, {@code latest} too, as Docker's lists show it. */
  default String tagged() {
    return familiar();
  }

  /**
   * A repository of a registry.
   *
   * @param domain {@code docker.io}, {@code localhost:5000}
   * @param path {@code library/busybox}
   * @param tag the tag; {@code latest} when neither tag nor digest was written
   * @param digest when given, what the image is fetched by
   */
  record Registry(String domain, String path, Optional<String> tag, Optional<Digest> digest)
      implements ImageRef {
    private static final Set<String> TAKEN =
        Set.of("hello", "sha256", "oci", "oci-archive", "docker-archive");

    /** The repository: domain and path. */
    public String repository() {
      return domain + "/" + path;
    }

    /** The same repository's image of another tag. */
    public Registry withTag(String other) {
      return new Registry(domain, path, Optional.of(other), Optional.empty());
    }

    @Override
    public String name() {
      return repository() + suffix();
    }

    @Override
    public String familiar() {
      boolean plain = digest.isEmpty() && tag.equals(Optional.of("latest"));
      return plain ? familiarRepository() : tagged();
    }

    @Override
    public String tagged() {
      return familiarRepository() + suffix();
    }

    /** The repository as people write it, unless that would be taken for something else. */
    public String familiarRepository() {
      if (!domain.equals("docker.io")) {
        return repository();
      }
      boolean official = path.startsWith("library/") && path.lastIndexOf('/') == 7;
      String name = official ? path.substring("library/".length()) : path;
      boolean taken =
          TAKEN.contains(name) || Digest.find("sha256", name).isPresent() || hasDomain(name);
      return taken ? repository() : name;
    }

    private static boolean hasDomain(String name) {
      int slash = name.indexOf('/');
      return slash > 0 && ReferenceGrammar.isDomainLike(name.substring(0, slash));
    }

    private String suffix() {
      return tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
    }
  }

  /** An OCI image layout: {@code oci:DIR[:TAG]}. Without a tag it must hold one image. */
  record OciLayout(Path directory, Optional<String> tag) implements ImageRef {
    @Override
    public String name() {
      return "oci:" + directory + tag.map(t -> ":" + t).orElse("");
    }
  }

  /** An OCI image layout in a tar: {@code oci-archive:FILE[:TAG]}. */
  record OciArchive(Path file, Optional<String> tag) implements ImageRef {
    @Override
    public String name() {
      return "oci-archive:" + file + tag.map(t -> ":" + t).orElse("");
    }
  }

  /** What {@code docker save} writes: {@code docker-archive:FILE[:REFERENCE]}. */
  record DockerArchive(Path file, Optional<Registry> reference) implements ImageRef {
    @Override
    public String name() {
      return "docker-archive:" + file + reference.map(r -> ":" + r.name()).orElse("");
    }
  }

  /** An image that is here, by its id. */
  record Id(Digest digest) implements ImageRef {
    @Override
    public String name() {
      return digest.toString();
    }
  }

  /** The image that comes inside the jar. */
  record BuiltIn() implements ImageRef {
    @Override
    public String name() {
      return "hello";
    }
  }

  /**
   * Parses what a user writes for an image.
   *
   * <p>{@code oci:}, {@code oci-archive:} and {@code docker-archive:} name local files; {@code
   * hello} is the image inside the jar; 64 hexadecimal digits, {@code sha256:} in front or not, are
   * an image's id, which may also be cut short where images are looked up; everything else is a
   * registry's image, completed as Docker does: {@code busybox} is {@code
   * docker.io/library/busybox:latest}.
   *
   * @throws ImageException BAD_REFERENCE when it follows no grammar
   */
  static ImageRef parse(String text) throws ImageException {
    if (text.equals("hello")) {
      return new BuiltIn();
    }
    String digits = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    Optional<Digest> id = Digest.find("sha256", digits);
    if (id.isPresent()) {
      return new Id(id.get());
    }
    if (text.startsWith("oci:")) {
      String rest = text.substring("oci:".length());
      return new OciLayout(file(rest, text), afterColon(rest));
    }
    if (text.startsWith("oci-archive:")) {
      String rest = text.substring("oci-archive:".length());
      return new OciArchive(file(rest, text), afterColon(rest));
    }
    if (text.startsWith("docker-archive:")) {
      String rest = text.substring("docker-archive:".length());
      Optional<String> reference = afterColon(rest);
      return new DockerArchive(
          file(rest, text),
          reference.isPresent() ? Optional.of(parseRegistry(reference.get())) : Optional.empty());
    }
    return parseRegistry(text);
  }

  /**
   * Parses a registry's image, as Docker's reference grammar has it.
   *
   * @throws ImageException BAD_REFERENCE
   */
  static Registry parseRegistry(String text) throws ImageException {
    return new ReferenceGrammar(text).parse();
  }

  private static Path file(String rest, String whole) throws ImageException {
    int colon = rest.indexOf(':');
    String path = colon < 0 ? rest : rest.substring(0, colon);
    if (path.isEmpty() || path.indexOf('\0') >= 0) {
      throw new ImageException(
          Kind.BAD_REFERENCE, ImageException.quote(whole) + " names no file after its transport");
    }
    try {
      return Path.of(path).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new ImageException(
          Kind.BAD_REFERENCE,
          ImageException.quote(whole)
              + " names a file in characters that this locale lacks: set LC_ALL=C.UTF-8",
          e);
    }
  }

  private static Optional<String> afterColon(String rest) {
    int colon = rest.indexOf(':');
    return colon < 0 || colon == rest.length() - 1
        ? Optional.empty()
        : Optional.of(rest.substring(colon + 1));
  }
}

package dev.mydocker.image;

import java.util.Locale;

/**
 * What an image runs on, in Go's names as the OCI image-spec's config.md asks, normalised as
 * containerd does: {@code x86_64} is {@code amd64}, {@code arm64/v8} is {@code arm64}, {@code arm}
 * is {@code arm/v7}.
 *
 * @param os {@code linux}
 * @param architecture {@code amd64}, {@code arm64}, ...
 * @param variant {@code v7}, or empty
 */
public record Platform(String os, String architecture, String variant) {

  public Platform {
    os = os.toLowerCase(Locale.ROOT);
    architecture = architecture.toLowerCase(Locale.ROOT);
    variant = variant.toLowerCase(Locale.ROOT);
    switch (architecture) {
      case "x86_64", "x86-64" -> architecture = "amd64";
      case "i386", "i486", "i586", "i686", "x86" -> architecture = "386";
      case "aarch64" -> architecture = "arm64";
      case "armhf" -> {
        architecture = "arm";
        variant = "v7";
      }
      case "armel" -> {
        architecture = "arm";
        variant = "v6";
      }
      default -> {}
    }
    if (!variant.isEmpty() && Character.isDigit(variant.charAt(0))) {
      variant = "v" + variant;
    }
    if (architecture.equals("arm") && variant.isEmpty()) {
      variant = "v7";
    } else if (architecture.equals("arm64") && variant.equals("v8")
        || architecture.equals("amd64") && variant.equals("v1")) {
      variant = "";
    }
  }

  /**
   * Parses {@code os/architecture[/variant]}, or an architecture alone for linux.
   *
   * @throws ImageException BAD_REFERENCE when it is anything else
   */
  public static Platform parse(String text) throws ImageException {
    String[] parts = text.split("/", -1);
    boolean good = parts.length <= 3;
    for (String part : parts) {
      good &= isWord(part);
    }
    if (!good) {
      throw new ImageException(
          ImageException.Kind.BAD_REFERENCE,
          ImageException.quote(text)
              + " is not a platform: write os/architecture[/variant],"
              + " for example linux/arm64");
    }
    return parts.length == 1
        ? new Platform("linux", parts[0], "")
        : new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
  }

  /** The platform of this machine, by the JVM's {@code os.arch}. */
  public static Platform host() {
    return ofJvm(System.getProperty("os.arch"));
  }

  /** The linux platform that a JVM calls {@code osArch}. */
  static Platform ofJvm(String osArch) {
    return new Platform("linux", osArch.equals("loongarch64") ? "loong64" : osArch, "");
  }

  /**
   * How well an image for {@code candidate} serves this platform: 0 is exactly, more is worse,
   * negative is not at all. An arm or amd64 machine of a higher variant runs images of a lower one.
   */
  public int distance(Platform candidate) {
    if (!os.equals(candidate.os) || !architecture.equals(candidate.architecture)) {
      return -1;
    }
    if (variant.equals(candidate.variant)) {
      return 0;
    }
    return level() < 0 || candidate.level() < 0 ? -1 : Math.max(-1, level() - candidate.level());
  }

  /** Whether an image for {@code candidate} runs on this platform. */
  public boolean accepts(Platform candidate) {
    return distance(candidate) >= 0;
  }

  private int level() {
    if (variant.isEmpty()) {
      return architecture.equals("arm64") ? 8 : 1;
    }
    boolean number = variant.length() == 2 && Character.isDigit(variant.charAt(1));
    return number ? variant.charAt(1) - '0' : -1;
  }

  private static boolean isWord(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (!letter && (i == 0 || c != '_' && c != '-' && c != '.')) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= 32;
  }

  /** For a person: an image may say anything here. */
  @Override
  public String toString() {
    return ImageException.printable(
        os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant));
  }
}

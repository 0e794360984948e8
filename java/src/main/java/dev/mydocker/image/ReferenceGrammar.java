package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.util.Locale;
import java.util.Optional;

/**
 * The grammar of a registry's image reference, as the reference package of the distribution project
 * defines it, read in one pass: {@code [domain/]path[:tag][@digest]}.
 */
final class ReferenceGrammar {
  private static final int MAX_PATH = 255;
  private static final int MAX_TAG = 128;
  private static final int MAX_LENGTH = 1024;

  private final String text;

  ReferenceGrammar(String text) {
    this.text = text;
  }

  ImageRef.Registry parse() throws ImageException {
    if (text.isEmpty()) {
      throw bad("it is empty");
    }
    if (text.length() > MAX_LENGTH) {
      throw bad("it is longer than " + MAX_LENGTH + " characters");
    }
    if (text.length() == 64 && Digest.isHex(text)) {
      throw bad("64 hexadecimal digits are an id, not a name");
    }
    int slash = text.indexOf('/');
    boolean hasDomain = slash > 0 && isDomainLike(text.substring(0, slash));
    String domain = hasDomain ? text.substring(0, slash) : "docker.io";
    String rest = hasDomain ? text.substring(slash + 1) : text;
    if (domain.equals("index.docker.io")) {
      domain = "docker.io";
    }
    if (!isDomain(domain)) {
      throw bad(ImageException.quote(domain) + " is no registry's host name");
    }

    Optional<Digest> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(digest(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    Optional<String> tag = Optional.empty();
    int colon = rest.indexOf(':');
    if (colon >= 0) {
      tag = Optional.of(tag(rest.substring(colon + 1)));
      rest = rest.substring(0, colon);
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
    checkPath(rest);
    if (domain.equals("docker.io") && rest.indexOf('/') < 0) {
      rest = "library/" + rest;
    }
    if (rest.length() > MAX_PATH) {
      throw bad("its name is longer than " + MAX_PATH + " characters");
    }
    return new ImageRef.Registry(domain, rest, tag, digest);
  }

  /** Docker's rule for what stands before the first slash. */
  static boolean isDomainLike(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || !first.equals(first.toLowerCase(Locale.ROOT));
  }

  private static boolean isDomain(String domain) {
    String host = domain;
    int colon = domain.indexOf(':', Math.max(0, domain.lastIndexOf(']')));
    if (colon >= 0) {
      host = domain.substring(0, colon);
      if (!isPort(domain.substring(colon + 1))) {
        return false;
      }
    }
    if (host.startsWith("[")) {
      return isIpv6(host);
    }
    int start = 0;
    for (int i = 0; i <= host.length(); i++) {
      if (i == host.length() || host.charAt(i) == '.') {
        if (i == start || host.charAt(start) == '-' || host.charAt(i - 1) == '-') {
          return false;
        }
        start = i + 1;
      } else if (!isLetterOrDigit(host.charAt(i)) && host.charAt(i) != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(String host) {
    if (!host.endsWith("]") || host.length() < 3) {
      return false;
    }
    for (int i = 1; i < host.length() - 1; i++) {
      if (host.charAt(i) != ':' && Character.digit(host.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPort(String port) {
    for (int i = 0; i < port.length(); i++) {
      if (port.charAt(i) < '0' || port.charAt(i) > '9') {
        return false;
      }
    }
    return !port.isEmpty();
  }

  /** Components of lower-case letters and digits, joined by one of . _ __ or any number of -. */
  private void checkPath(String path) throws ImageException {
    boolean wordBefore = false;
    int i = 0;
    while (i < path.length()) {
      char c = path.charAt(i);
      if (isLowerOrDigit(c)) {
        wordBefore = true;
        i++;
        continue;
      }
      if (isLetterOrDigit(c)) {
        throw bad("a repository's name must be in lower case");
      }
      int next = i + 1;
      if (c == '-') {
        while (next < path.length() && path.charAt(next) == '-') {
          next++;
        }
      } else if (c == '_' && next < path.length() && path.charAt(next) == '_') {
        next++;
      } else if (c != '_' && c != '.' && c != '/') {
        throw bad("a repository's name may not hold " + ImageException.quote(String.valueOf(c)));
      }
      if (!wordBefore || next == path.length() || !isLetterOrDigit(path.charAt(next))) {
        throw bad("a repository's name needs letters or digits around each separator");
      }
      wordBefore = false;
      i = next;
    }
    if (path.isEmpty()) {
      throw bad("it has no repository's name");
    }
  }

  private String tag(String tag) throws ImageException {
    boolean good = !tag.isEmpty() && tag.length() <= MAX_TAG;
    for (int i = 0; good && i < tag.length(); i++) {
      char c = tag.charAt(i);
      good = isLetterOrDigit(c) || c == '_' || i > 0 && (c == '.' || c == '-');
    }
    if (!good) {
      throw bad(
          "a tag is letters, digits, and _ . - after the first, at most " + MAX_TAG + " of them");
    }
    return tag;
  }

  private Digest digest(String digest) throws ImageException {
    try {
      return Digest.parse(digest);
    } catch (ImageException e) {
      throw bad(e.getMessage());
    }
  }

  private static boolean isLowerOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
  }

  private static boolean isLetterOrDigit(char c) {
    return isLowerOrDigit(c) || c >= 'A' && c <= 'Z';
  }

  private ImageException bad(String why) {
    return new ImageException(
        Kind.BAD_REFERENCE, ImageException.quote(text) + " is not an image reference: " + why);
  }
}

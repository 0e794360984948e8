package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The tags of a repository, page by page (OCI distribution-spec, "Listing Tags"). */
record RegistryTags(RegistryEndpoint endpoint) {
  private static final int MAX_TAGS = 10_000;
  private static final int MAX_PAGES = 1000;
  private static final int PAGE = 1000;

  /**
   * All of them, each once, sorted.
   *
   * @throws ImageException TOO_LARGE for more than {@value #MAX_TAGS}
   */
  List<String> all() throws IOException {
    Set<String> tags = new TreeSet<>();
    Optional<URI> page = Optional.of(endpoint.url("tags/list?n=" + PAGE));
    for (int pages = 0; page.isPresent(); pages++) {
      int before = tags.size();
      page = read(page.get(), tags);
      if (tags.size() > MAX_TAGS || pages == MAX_PAGES) {
        throw new ImageException(
            Kind.TOO_LARGE, "the repository has more than " + MAX_TAGS + " tags: name one");
      }
      if (page.isPresent() && tags.size() == before) {
        throw new ProtocolException("a list of tags that leads nowhere");
      }
    }
    return List.copyOf(tags);
  }

  /** Adds a page's tags and gives the next page's URL. */
  private Optional<URI> read(URI url, Set<String> tags) throws IOException {
    try (HttpAnswer answer = endpoint.get(url, Map.of(), "repository")) {
      byte[] body = answer.bytes(Document.MAX_SIZE, "the list of tags");
      for (String tag : Json.parseObject(body).strings("tags")) {
        tags.add(checked(tag));
      }
      Optional<String> next = next(answer.head().all("link"));
      return next.isPresent()
          ? Optional.of(endpoint.own(url, next.get(), "Link to more tags"))
          : Optional.empty();
    } catch (JsonException e) {
      throw new ProtocolException("something else than a list of tags");
    }
  }

  private static String checked(String tag) throws ProtocolException {
    try {
      if (ImageRef.parseRegistry("x:" + tag).tag().equals(Optional.of(tag))) {
        return tag;
      }
    } catch (ImageException e) {
      // Said below, for whatever else it is.
    }
    throw new ProtocolException("a tag that is none: " + ImageException.quote(tag));
  }

  /** The target of {@code rel=next} (RFC 8288). */
  private static Optional<String> next(List<String> links) {
    for (String link : links) {
      for (String value : split(link)) {
        int end = value.indexOf('>');
        String parameters = value.substring(end + 1).replace(" ", "").replace("\"", "");
        if (value.startsWith("<") && end > 1 && (parameters + ";").contains(";rel=next;")) {
          return Optional.of(value.substring(1, end));
        }
      }
    }
    return Optional.empty();
  }

  /** The values between commas, of which those inside a target are none. */
  private static List<String> split(String link) {
    List<String> out = new ArrayList<>();
    int start = 0;
    boolean inside = false;
    for (int i = 0; i <= link.length(); i++) {
      char c = i == link.length() ? ',' : link.charAt(i);
      inside = c == '<' || inside && c != '>' && i < link.length();
      if (c == ',' && !inside) {
        out.add(link.substring(start, i).strip());
        start = i + 1;
      }
    }
    return out;
  }
}

package dev.mydocker.image;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A request.
 *
 * @param method {@code GET}
 * @param headers without those that every request has
 * @param content empty for GET and HEAD
 * @param repeatable whether sending it twice does no more than sending it once, so that it is sent
 *     again after a passing failure
 */
record HttpRequest(
    String method, URI url, Map<String, String> headers, HttpContent content, boolean repeatable) {

  static HttpRequest get(URI url, Map<String, String> headers) {
    return new HttpRequest("GET", url, headers, HttpContent.NONE, true);
  }

  static HttpRequest head(URI url) {
    return new HttpRequest("HEAD", url, Map.of(), HttpContent.NONE, true);
  }

  /** A POST without a body, which starts something: doing it twice leaves one start unused. */
  static HttpRequest start(URI url) {
    return new HttpRequest("POST", url, Map.of(), HttpContent.NONE, true);
  }

  /** A POST of an encoded form. */
  static HttpRequest form(URI url, CharSequence fields) {
    return new HttpRequest(
        "POST",
        url,
        Map.of("Content-Type", "application/x-www-form-urlencoded"),
        HttpContent.of(fields.toString().getBytes(StandardCharsets.US_ASCII)),
        true);
  }

  HttpRequest to(URI other) {
    return new HttpRequest(method, other, headers, content, repeatable);
  }

  /** The same with an Authorization header, when there is one. */
  HttpRequest authorized(Optional<String> value) {
    if (value.isEmpty()) {
      return this;
    }
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("Authorization", value.get());
    return new HttpRequest(method, url, all, content, repeatable);
  }

  /** Whether the answer has no body, whatever its head says. */
  boolean isHead() {
    return method.equals("HEAD");
  }

  /** Whether an empty content is told as such. */
  boolean tellsLength() {
    return content.length() > 0 || !isHead() && !method.equals("GET");
  }

  /** Neither headers nor query: both may hold secrets. */
  @Override
  public String toString() {
    return method + " " + url.getRawPath();
  }
}

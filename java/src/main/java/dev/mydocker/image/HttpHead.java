package dev.mydocker.image;

import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The head of an HTTP/1.1 answer (RFC 9112).
 *
 * @param status 200 to 999
 * @param http10 whether the peer speaks HTTP/1.0
 * @param headers each header's values in their order, by its name in lower case
 */
record HttpHead(int status, boolean http10, Map<String, List<String>> headers) {
  private static final int MAX_LENGTH = 64 << 10;
  private static final int MAX_HEADERS = 200;
  private static final int MAX_INTERIM = 8;

  /**
   * Reads the next final answer's head; interim ones (1xx) are passed over.
   *
   * @throws ProtocolException when it is no such head, or one beyond the limits
   */
  static HttpHead read(HttpInput in) throws IOException {
    in.restartWindow();
    for (int i = 0; i < MAX_INTERIM; i++) {
      HttpHead head = readOne(in);
      if (head.status >= 200) {
        in.restartWindow();
        return head;
      }
    }
    throw new ProtocolException("more than " + MAX_INTERIM + " interim answers");
  }

  private static HttpHead readOne(HttpInput in) throws IOException {
    String start = in.line(MAX_LENGTH);
    int status = status(start);
    int left = MAX_LENGTH - start.length();
    Map<String, List<String>> headers = new TreeMap<>();
    for (int count = 0; ; count++) {
      String line = in.line(left);
      if (line.isEmpty()) {
        return new HttpHead(status, start.startsWith("HTTP/1.0"), headers);
      }
      left -= line.length();
      int colon = line.indexOf(':');
      if (count == MAX_HEADERS || colon <= 0 || !isToken(line.substring(0, colon))) {
        throw new ProtocolException(
            count == MAX_HEADERS ? "too many headers" : "a malformed header");
      }
      headers
          .computeIfAbsent(
              line.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
  }

  private static int status(String line) throws ProtocolException {
    boolean good =
        line.length() >= 12
            && (line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 "))
            && (line.length() == 12 || line.charAt(12) == ' ');
    int status = good ? number(line.substring(9, 12)) : -1;
    if (status < 100) {
      throw new ProtocolException("an answer that is not HTTP");
    }
    return status;
  }

  /** The first value of a header. */
  Optional<String> first(String name) {
    return all(name).stream().findFirst();
  }

  /** All values of a header. */
  List<String> all(String name) {
    return headers.getOrDefault(name, List.of());
  }

  /** Whether the body is in chunks. */
  boolean isChunked() throws ProtocolException {
    List<String> codings = all("transfer-encoding");
    if (codings.isEmpty()) {
      return false;
    }
    if (codings.size() > 1
        || !codings.get(0).equalsIgnoreCase("chunked")
        || !all("content-length").isEmpty()) {
      throw new ProtocolException("a body framed in two ways, or in an unknown one");
    }
    return true;
  }

  /** Bytes of the body, or -1 when the head does not say. */
  long contentLength() throws ProtocolException {
    List<String> values = all("content-length");
    if (values.isEmpty()) {
      return -1;
    }
    String value = values.get(0);
    if (value.isEmpty()
        || value.length() > 18
        || !value.chars().allMatch(c -> c >= '0' && c <= '9')
        || !values.stream().allMatch(value::equals)) {
      throw new ProtocolException("a malformed Content-Length");
    }
    return Long.parseLong(value);
  }

  /** Whether the connection can serve another request after this answer's body. */
  boolean keepsConnection() {
    String connection = String.join(",", all("connection")).toLowerCase(Locale.ROOT);
    return http10 ? connection.contains("keep-alive") : !connection.contains("close");
  }

  private static boolean isToken(String name) {
    return name.chars().allMatch(c -> c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
  }

  private static int number(String digits) {
    boolean good = digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return good ? Integer.parseInt(digits) : -1;
  }
}

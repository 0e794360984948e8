package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Brings one blob to a repository (OCI distribution-spec, "Pushing Blobs"): not at all when it is
 * there, by a mount from another repository, in one piece, or in chunks, of which a broken one goes
 * on where the registry says it ended.
 */
final class RegistryUpload {
  /** Bytes of a chunk; a blob up to this size goes in one piece. */
  static final long CHUNK = 16 << 20;

  /** Failures in a row, without a byte of progress between them. */
  private static final int MAX_FAILURES = 4;

  private static final int MAX_DIGITS = 18;

  /** How the blob got there. */
  enum Way {
    EXISTED,
    MOUNTED,
    SENT
  }

  /** What one request brought. */
  private enum Step {
    ACCEPTED,
    DONE,
    /** The registry is to be asked how far it got. */
    UNCLEAR,
    /** The upload is gone: another one begins. */
    LOST
  }

  private final RegistryEndpoint endpoint;
  private final Descriptor blob;
  private final BlobContent content;
  private final String name;
  private long chunk;

  private Optional<URI> upload = Optional.empty();
  private long offset;
  private long furthest;
  private int failures;
  private boolean inOnePiece;
  private boolean resumed;

  /** The last thing that went wrong, and whether it was waited after it. */
  private IOException failure = new IOException("nothing went wrong yet");

  private boolean waited;

  /**
   * Prepares; nothing is sent yet.
   *
   * @param chunk bytes of a chunk, more when the registry wants more
   */
  RegistryUpload(RegistryEndpoint endpoint, Descriptor blob, BlobContent content, long chunk) {
    this.endpoint = endpoint;
    this.blob = blob;
    this.content = content;
    this.chunk = chunk;
    this.name = "blob " + blob.digest().shortHex();
  }

  /**
   * Does it.
   *
   * @param mountFrom another repository of this registry that seems to have the blob
   */
  Way run(Optional<String> mountFrom) throws IOException {
    if (isThere()) {
      return Way.EXISTED;
    }
    if (mountFrom.isPresent() && mount(mountFrom.get())) {
      return Way.MOUNTED;
    }
    send();
    return Way.SENT;
  }

  private boolean isThere() throws IOException {
    URI url = endpoint.url("blobs/" + blob.digest());
    try (HttpAnswer answer = endpoint.exchange(HttpRequest.head(url))) {
      // What HEAD denies may still be allowed to be pushed: then the upload says the rest.
      return answer.status() / 100 == 2;
    }
  }

  /** Whether the registry mounts the blob. One that does not begins an upload, or says no. */
  private boolean mount(String from) throws IOException {
    // Both may stand in a query as they are: neither grammar has anything else than a-z0-9._-/:
    URI url = endpoint.url("blobs/uploads/?mount=" + blob.digest() + "&from=" + from);
    try (HttpAnswer answer = endpoint.exchange(HttpRequest.start(url), endpoint.authFor(from))) {
      if (answer.status() == 201) {
        checkDigest(answer.head());
        return true;
      }
      if (answer.status() == 202) {
        begun(url, answer.head());
      }
      return false;
    } catch (ImageException e) {
      // Whoever may not pull there may still push here.
      return false;
    }
  }

  private void send() throws IOException {
    Step step = Step.ACCEPTED;
    while (step != Step.DONE) {
      step = attempt();
      if (offset > furthest) {
        furthest = offset;
        failures = 0;
      }
      if (step == Step.UNCLEAR || step == Step.LOST) {
        step = recover(step);
      }
    }
  }

  private Step attempt() throws IOException {
    try {
      return advance();
    } catch (IOException e) {
      return broken(e);
    }
  }

  private Step broken(IOException e) throws IOException {
    if (!RegistryHttp.isPassing(e)) {
      throw e;
    }
    failure = e;
    waited = false;
    return Step.UNCLEAR;
  }

  /** One request further. */
  private Step advance() throws IOException {
    if (upload.isEmpty()) {
      begin();
      return Step.ACCEPTED;
    }
    boolean last = inOnePiece || blob.size() <= chunk || offset == blob.size();
    long end = last ? blob.size() : Math.min(offset + chunk, blob.size());
    URI url = last ? withDigest(upload.get()) : upload.get();
    try (HttpAnswer answer = endpoint.exchange(request(url, last, end))) {
      if (answer.status() / 100 != 2) {
        return refused(answer, last);
      }
      if (last && answer.status() != 202) {
        checkDigest(answer.head());
        return Step.DONE;
      }
      long before = offset;
      accepted(url, answer.head(), end);
      if (offset <= before && ++failures > MAX_FAILURES) {
        throw new ProtocolException("no end of the upload of " + name);
      }
      return Step.ACCEPTED;
    }
  }

  private HttpRequest request(URI url, boolean last, long end) {
    Map<String, String> headers = new TreeMap<>();
    headers.put("Content-Type", "application/octet-stream");
    boolean whole = last && offset == 0;
    if (!whole && end > offset) {
      headers.put("Content-Range", offset + "-" + (end - 1));
    }
    return new HttpRequest(last ? "PUT" : "PATCH", url, headers, content.part(offset, end), false);
  }

  private Step refused(HttpAnswer answer, boolean last) throws IOException {
    int status = answer.status();
    ImageException why = RegistryError.ofPush(answer, endpoint.domain(), name, endpoint.auth());
    failure = why;
    waited = true;
    if (RegistryHttp.isBusy(answer.head())) {
      if (!endpoint.http().pause(answer.head(), failures + 1)) {
        throw why;
      }
      return Step.UNCLEAR;
    }
    if (status == 404 || status == 416) {
      return status == 404 || offset == 0 ? Step.LOST : Step.UNCLEAR;
    }
    boolean denied = status == 401 || status == 403;
    if (!denied && last && resumed) {
      // What was joined is not the blob: once more from its first byte.
      resumed = false;
      return Step.LOST;
    }
    if (!denied && !last && offset == 0) {
      // Not every registry takes chunks.
      inOnePiece = true;
      return Step.LOST;
    }
    throw why;
  }

  /** After a failure: finds out where to go on. */
  private Step recover(Step step) throws IOException {
    Step found = step;
    while (found == Step.UNCLEAR || found == Step.LOST) {
      if (++failures > MAX_FAILURES || Thread.currentThread().isInterrupted()) {
        throw failure;
      }
      if (!waited) {
        endpoint.http().pause(failures);
      }
      try {
        found = locate(step);
      } catch (IOException e) {
        found = broken(e);
      }
    }
    return found;
  }

  private Step locate(Step step) throws IOException {
    if (step == Step.UNCLEAR && upload.isPresent()) {
      // It may be the answer that was lost and not the request.
      if (isThere()) {
        return Step.DONE;
      }
      resumed = askHowFar(upload.get());
    }
    if (step == Step.LOST || !resumed) {
      upload = Optional.empty();
    }
    return Step.ACCEPTED;
  }

  /** Whether the registry still knows the upload, and how far it got. */
  private boolean askHowFar(URI url) throws IOException {
    try (HttpAnswer answer = endpoint.exchange(HttpRequest.get(url, Map.of()))) {
      if (answer.status() != 204 || answer.head().first("range").isEmpty()) {
        return false;
      }
      accepted(url, answer.head(), blob.size());
      return true;
    }
  }

  private void begin() throws IOException {
    URI url = endpoint.url("blobs/uploads/");
    try (HttpAnswer answer = endpoint.exchange(HttpRequest.start(url))) {
      if (answer.status() != 202) {
        throw RegistryError.ofPush(answer, endpoint.domain(), name, endpoint.auth());
      }
      begun(url, answer.head());
    }
  }

  private void begun(URI url, HttpHead head) throws IOException {
    if (head.first("location").isEmpty()) {
      throw new ProtocolException("an upload without a Location");
    }
    upload = Optional.of(endpoint.own(url, head.first("location").get(), "upload Location"));
    offset = 0;
    Optional<String> least = head.first("oci-chunk-min-length");
    if (least.isPresent()) {
      chunk = Math.max(chunk, number(least.get()));
    }
  }

  /** Takes over where the next bytes go, and which they are. */
  private void accepted(URI url, HttpHead head, long end) throws IOException {
    if (head.first("location").isPresent()) {
      upload = Optional.of(endpoint.own(url, head.first("location").get(), "upload Location"));
    }
    long reached = head.first("range").isPresent() ? rangeEnd(head.first("range").get()) : end;
    if (reached > end) {
      throw new ProtocolException("a Range beyond what was sent of " + name);
    }
    offset = reached;
  }

  /** The bytes that {@code 0-LAST} stands for. A registry writes {@code 0-0} for none as well. */
  private static long rangeEnd(String range) throws ProtocolException {
    int dash = range.indexOf('-');
    long last = number(range.substring(dash + 1));
    return last == 0 ? 0 : last + 1;
  }

  private static long number(String digits) throws ProtocolException {
    if (digits.isEmpty()
        || digits.length() > MAX_DIGITS
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new ProtocolException("a malformed number: " + ImageException.quote(digits));
    }
    return Long.parseLong(digits);
  }

  private URI withDigest(URI url) {
    String text = url.toString();
    return URI.create(text + (url.getRawQuery() == null ? "?" : "&") + "digest=" + blob.digest());
  }

  /** What the registry calls the blob must be its digest, when it says so. */
  private void checkDigest(HttpHead head) throws IOException {
    Optional<String> said = head.first("docker-content-digest").filter(text -> !text.isEmpty());
    if (said.isPresent() && !said.get().equals(blob.digest().toString())) {
      throw new ImageException(
          Kind.DIGEST_MISMATCH,
          endpoint.domain()
              + " keeps "
              + name
              + " under another digest: "
              + ImageException.quote(said.get()));
    }
  }
}

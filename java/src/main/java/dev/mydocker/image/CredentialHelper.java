package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A program {@code docker-credential-NAME}, which keeps credentials for docker and podman
 * (docker/docker-credential-helpers).
 *
 * @param name letters, digits, {@code - _ .}
 * @param environment whose PATH is searched, absolute directories only
 * @param limit how long it may take
 */
record CredentialHelper(String name, Map<String, String> environment, Duration limit) {
  private static final int MAX_OUTPUT = 64 << 10;

  private record Answer(int exitValue, byte[] bytes) {}

  /**
   * Asks for a server's credentials.
   *
   * @param server as the configuration names it
   * @return empty when it has none
   * @throws ImageException CONFIGURATION when it cannot be asked, or answers something else
   */
  Optional<Credential> get(String server) throws ImageException {
    Answer answer = run("get", server + "\n");
    return answer.exitValue == 0 ? parse(answer.bytes, server) : none(answer.bytes);
  }

  /**
   * Gives it a server's credentials to keep.
   *
   * @throws ImageException CONFIGURATION when it cannot be asked, or does not keep them
   */
  void store(String server, Credential.Password password) throws ImageException {
    Json.Obj entry =
        Json.object()
            .put("ServerURL", server)
            .put("Username", password.user())
            .put("Secret", password.password())
            .build();
    Answer answer = run("store", entry.toText() + "\n");
    String said = new String(answer.bytes, StandardCharsets.UTF_8).strip();
    if (answer.exitValue != 0) {
      boolean shown = password.secrets().stream().noneMatch(said::contains);
      throw failed("keeps nothing" + (shown ? ": " + ImageException.quote(said) : ""));
    }
  }

  /**
   * Lets it forget a server's credentials; none is as good.
   *
   * @throws ImageException CONFIGURATION when it cannot be asked, or does not forget them
   */
  void erase(String server) throws ImageException {
    Answer answer = run("erase", server + "\n");
    if (answer.exitValue != 0) {
      none(answer.bytes);
    }
  }

  /** Runs it: what it is told stands in its input, which nobody else sees. */
  private Answer run(String action, String input) throws ImageException {
    Path program = find();
    Process process;
    try {
      process =
          new ProcessBuilder(program.toString(), action)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw failed("cannot be started: " + ImageException.quote(e.getMessage()));
    }
    try {
      CompletableFuture<byte[]> output = new CompletableFuture<>();
      Thread reader = new Thread(() -> read(process, output), "credential helper");
      reader.setDaemon(true);
      reader.start();
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // It may end without reading; its output and exit code say what came of it.
      }
      byte[] answer = output.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (answer.length > MAX_OUTPUT) {
        throw failed("answered something that is not its protocol");
      }
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        throw failed("did not end");
      }
      return new Answer(process.exitValue(), answer);
    } catch (TimeoutException e) {
      throw failed("did not answer within " + limit.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw failed("cannot be read");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed("was interrupted");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static void read(Process process, CompletableFuture<byte[]> output) {
    try {
      output.complete(process.getInputStream().readNBytes(MAX_OUTPUT + 1));
    } catch (IOException e) {
      output.completeExceptionally(e);
    }
  }

  private Optional<Credential> parse(byte[] answer, String server) throws ImageException {
    try {
      Json.Obj o = Json.parseObject(answer);
      String about = o.string("ServerURL").orElse("");
      if (!about.isEmpty() && !Credentials.host(about).equals(Credentials.host(server))) {
        throw failed("answered for another server");
      }
      String user = o.string("Username").orElse("");
      String secret = o.string("Secret").orElse("");
      if (secret.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          user.equals("<token>")
              ? new Credential.IdentityToken(secret)
              : new Credential.Password(user, secret));
    } catch (ImageException e) {
      throw e;
    } catch (IOException e) {
      // The parser's message could show the secret.
      throw failed("answered something that is not its protocol");
    }
  }

  /** What its failure says: that it has none, or that something is wrong. */
  private Optional<Credential> none(byte[] answer) throws ImageException {
    String text = new String(answer, StandardCharsets.UTF_8).strip();
    if (text.startsWith("credentials not found")) {
      return Optional.empty();
    }
    throw failed("failed: " + ImageException.quote(text));
  }

  private Path find() throws ImageException {
    boolean good =
        !name.isEmpty() && name.length() <= 64 && Character.isLetterOrDigit(name.charAt(0));
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      good &= c < 0x80 && (Character.isLetterOrDigit(c) || c == '-' || c == '_' || c == '.');
    }
    if (!good) {
      throw new ImageException(
          Kind.CONFIGURATION,
          "the credential helper " + ImageException.quote(name) + " has an impossible name");
    }
    for (String entry : environment.getOrDefault("PATH", "").split(":")) {
      Path program = Path.of(entry, "docker-credential-" + name);
      if (entry.startsWith("/") && Files.isRegularFile(program) && Files.isExecutable(program)) {
        return program;
      }
    }
    throw failed("is not in PATH: install it, or remove it from the configuration");
  }

  private ImageException failed(String why) {
    return new ImageException(
        Kind.CONFIGURATION, "the credential helper docker-credential-" + name + " " + why);
  }
}

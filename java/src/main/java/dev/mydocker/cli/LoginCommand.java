package dev.mydocker.cli;

import dev.mydocker.image.ImageException;
import dev.mydocker.image.Logins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code mydocker login}. */
final class LoginCommand implements Command {

  @Override
  public String synopsis() {
    return "login [OPTIONS] [SERVER]";
  }

  @Override
  public String summary() {
    return "Log in to a registry, Docker Hub when none is named";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("USER", "The user's name", "-u", "--username")
        .value("PASSWORD", "The password; everybody here can read it in ps", "-p", "--password")
        .toggle("Read the password from the standard input", "--password-stdin");
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker login registry.example",
        "mydocker login -u me --password-stdin localhost:5000 <password.txt");
  }

  @Override
  public boolean needsNamespace() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().size() > 1) {
      throw new UsageException("it takes at most one server");
    }
    Optional<String> user = arguments.value("--username");
    Optional<String> password = arguments.value("--password");
    boolean fromInput = arguments.on("--password-stdin");
    if (fromInput && password.isPresent()) {
      throw new UsageException("--password and --password-stdin are mutually exclusive");
    }
    if (fromInput && user.isEmpty()) {
      throw new UsageException("--password-stdin needs --username");
    }
    Console console = session.console();
    String registry =
        Logins.registry(arguments.arguments().isEmpty() ? "" : arguments.arguments().get(0));
    Logins logins = new Logins(session.environment());
    if (user.isEmpty() && password.isEmpty() && isKnown(logins, registry, console)) {
      console.out("Login Succeeded\n");
      return 0;
    }
    if (password.isPresent()) {
      console.err("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
    }
    Prompt prompt = new Prompt(console);
    String name = user.isPresent() ? user.get() : prompt.ask("Username: ");
    String secret =
        fromInput
            ? Prompt.wholeInput()
            : password.isPresent() ? password.get() : prompt.askHidden("Password: ");
    Optional<String> identity = logins.check(registry, name, secret);
    Optional<Path> file = logins.keep(registry, name, secret, identity);
    if (file.isPresent()) {
      console.err(
          "\nWARNING! Your credentials are stored unencrypted in '"
              + Text.printable(file.get().toString())
              + "'.\n"
              + "Name a credential helper in it, as \"credsStore\", to have them encrypted.\n\n");
    }
    console.out("Login Succeeded\n");
    return 0;
  }

  /** Whether the registry takes the credentials that are kept already. */
  private static boolean isKnown(Logins logins, String registry, Console console)
      throws IOException {
    if (!logins.has(registry)) {
      return false;
    }
    console.out("Authenticating with existing credentials...\n");
    try {
      logins.checkKept(registry);
      return true;
    } catch (ImageException e) {
      if (e.kind() != ImageException.Kind.UNAUTHORIZED) {
        throw e;
      }
      console.error("login: " + e.getMessage());
      return false;
    }
  }
}

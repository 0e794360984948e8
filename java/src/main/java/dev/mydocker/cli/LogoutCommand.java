package dev.mydocker.cli;

import dev.mydocker.image.Logins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** {@code mydocker logout}. */
final class LogoutCommand implements Command {

  @Override
  public String synopsis() {
    return "logout [SERVER]";
  }

  @Override
  public String summary() {
    return "Forget the credentials for a registry, Docker Hub when none is named";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker logout", "mydocker logout registry.example");
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
    String registry =
        Logins.registry(arguments.arguments().isEmpty() ? "" : arguments.arguments().get(0));
    Logins logins = new Logins(session.environment());
    boolean known = logins.forget(registry);
    session
        .console()
        .out(
            (known ? "Removing login credentials for " : "Not logged in to ")
                + Logins.server(registry)
                + "\n");
    for (Path file : logins.remaining(registry)) {
      session.console().warning("logout: other credentials for " + registry + " remain in " + file);
    }
    return 0;
  }
}

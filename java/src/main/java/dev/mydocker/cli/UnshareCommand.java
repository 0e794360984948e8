package dev.mydocker.cli;

import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.UserNamespace;
import java.io.IOException;
import java.util.List;

/** {@code mydocker unshare}: a program as root of an ordinary user's namespace. */
final class UnshareCommand implements Command {

  @Override
  public String synopsis() {
    return "unshare COMMAND [ARG...]";
  }

  @Override
  public String summary() {
    return "Run a program where an ordinary user's containers live";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker unshare java -jar app.jar", "mydocker unshare rm -rf files-of-a-container");
  }

  @Override
  public String notes() {
    return "It is root of the user's namespace: files of containers are its own, and a program"
        + " that\n"
        + "has the engine in it as a library finds what it needs. MYDOCKER_ROOT and\n"
        + "MYDOCKER_RUN_ROOT are set in its environment.";
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public boolean needsNamespace() {
    return false;
  }

  @Override
  public int failureCode() {
    return 125;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    if (arguments.arguments().isEmpty()) {
      throw new UsageException("it needs a program to run");
    }
    if (Linux.geteuid() == 0 && UserNamespace.own().initial()) {
      throw new IOException("it is for ordinary users: root's containers live where root does");
    }
    NamespaceEntry.become(arguments.arguments());
    throw new IllegalStateException("execve came back");
  }
}

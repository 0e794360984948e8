package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.LaunchException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystemException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The program {@code mydocker}. */
public final class Main {
  private final Console console;
  private final boolean ownsProcess;
  private boolean debug;

  Main(Console console) {
    this(console, false);
  }

  private Main(Console console, boolean ownsProcess) {
    this.console = console;
    this.ownsProcess = ownsProcess;
  }

  public static void main(String[] args) {
    end(new Main(Console.ofProcess(), true).run(args));
  }

  /**
   * Ends the process. The JVM's own exit first looks for a logger to tell it to, from JDK 21 on,
   * through all of the class path: a tenth of a short command. What hooks there are serve signals,
   * so they are for an end that one has begun, whose code counts.
   */
  private static void end(int code) {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread());
    } catch (IllegalStateException e) {
      System.exit(code);
    }
    Runtime.getRuntime().halt(code);
  }

  /** The flags that stand before the command. */
  static Flags globalFlags() {
    return new Flags()
        .group("Global options")
        .value("DIR", "Where images and containers are kept", "--root")
        .value("DIR", "Where running containers keep their sockets and locks", "--run-root")
        .toggle("Show where in the program an error came from", "--debug")
        .toggle("Show this help", "-h", "--help")
        .toggle("Show the version", "-v", "--version");
  }

  /** Runs one command line and gives the exit code. */
  int run(String[] args) {
    try {
      List<String> arguments = ProcessStrings.arguments(args);
      Flags.Parsed global = globalFlags().parse(arguments, false);
      debug = global.on("--debug");
      List<String> rest = global.arguments();
      if (global.on("--version")) {
        console.out("mydocker version " + VersionCommand.version() + "\n");
        return 0;
      }
      if (rest.isEmpty() || global.on("--help")) {
        console.out(Help.overview());
        return 0;
      }
      return run(rest.get(0), rest.subList(1, rest.size()), environment(global));
    } catch (UsageException e) {
      return fail("", e.getMessage() + ": see mydocker --help", Optional.of(e), 1);
    } catch (Throwable e) {
      return fail("", sentence(e), Optional.of(e), 1);
    }
  }

  private int run(String name, List<String> arguments, Map<String, String> environment) {
    Optional<Command> found = Commands.find(name);
    if (found.isEmpty()) {
      String what = Text.printable(name);
      return fail(
          "", "'" + what + "' is not a mydocker command: see mydocker --help", Optional.empty(), 1);
    }
    Command command = found.get();
    if (command instanceof GroupCommand group && group.isNamed(arguments)) {
      String called = group.command(arguments.get(0)).orElse(name + " " + arguments.get(0));
      return run(called, arguments.subList(1, arguments.size()), environment);
    }
    return run(command, name, arguments, environment);
  }

  /** Runs a command that is called by that name; whatever it throws is one line and a code. */
  int run(Command command, String name, List<String> arguments, Map<String, String> environment) {
    try {
      Flags flags = command.flags().group("Help").toggle("Show this help", "--help");
      Flags.Parsed parsed = flags.parse(arguments, command.interspersed());
      if (parsed.on("--help")) {
        console.out(Help.of(command));
        return 0;
      }
      if (command.needsNamespace()) {
        if (Linux.geteuid() != 0) {
          NamespaceEntry.startAgain();
        }
        if (ownsProcess) {
          // The JVM would print its threads into what the command prints, and go on.
          Linux.exitOn(Signals.SIGQUIT);
        }
      }
      return command.run(parsed, new Session(console, environment));
    } catch (UsageException e) {
      String see = ": see mydocker " + name + " --help";
      return fail(name, e.getMessage() + see, Optional.of(e), command.failureCode());
    } catch (LaunchException e) {
      return fail(name, e.getMessage(), Optional.of(e), e.exitCode());
    } catch (KernelException e) {
      if (e.errno() == Errno.EPIPE && e.call().equals("write")) {
        Linux.raiseDefault(Signals.SIGPIPE);
      }
      return fail(name, sentence(e), Optional.of(e), command.failureCode());
    } catch (Throwable e) {
      return fail(name, sentence(e), Optional.of(e), command.failureCode());
    }
  }

  /** The environment, in which the global flags win. */
  private static Map<String, String> environment(Flags.Parsed global) throws IOException {
    Map<String, String> out = new HashMap<>(ProcessStrings.environment());
    put(out, "MYDOCKER_ROOT", global.value("--root"));
    put(out, "MYDOCKER_RUN_ROOT", global.value("--run-root"));
    return out;
  }

  private static void put(Map<String, String> out, String name, Optional<String> value) {
    if (value.isPresent()) {
      out.put(name, value.get());
    }
  }

  /** One line for the user, whatever it was. */
  private static String sentence(Throwable e) {
    if (e instanceof StackOverflowError) {
      return "the input is nested too deeply";
    }
    Optional<String> exhausted = exhausted(e);
    if (exhausted.isPresent()) {
      return exhausted.get();
    }
    if (e instanceof UnsatisfiedLinkError && e.getCause() instanceof IOException) {
      return "cannot extract the native library: " + sentence(e.getCause());
    }
    if (e instanceof FileSystemException file && Errno.of(file) != Errno.UNKNOWN) {
      return file.getFile() + ": " + Errno.describe(file);
    }
    boolean expected = e instanceof IOException || e instanceof IllegalArgumentException;
    String message = e.getMessage();
    if (expected && message != null && !message.isEmpty()) {
      return message;
    }
    return "unexpected " + e + ": run it again with --debug for the place";
  }

  /** What this JVM has run out of, in whichever of its threads; empty when it was not that. */
  private static Optional<String> exhausted(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof OutOfMemoryError && String.valueOf(t.getMessage()).contains("thread")) {
        return Optional.of(
            "mydocker itself may not start another thread: raise its limit of processes"
                + " (ulimit -u, or pids.max of its cgroup)");
      }
      if (t instanceof OutOfMemoryError) {
        return Optional.of("mydocker itself ran out of memory: give its JVM more (-Xmx)");
      }
    }
    return Optional.empty();
  }

  private int fail(String command, String sentence, Optional<Throwable> cause, int code) {
    try {
      console.error(command.isEmpty() ? sentence : command + ": " + sentence);
      if (debug && cause.isPresent()) {
        StringWriter trace = new StringWriter();
        cause.get().printStackTrace(new PrintWriter(trace, true));
        console.err(trace.toString());
      }
    } catch (IOException unwritable) {
      // Without a standard error there is only the exit code to tell it.
      return code;
    }
    return code;
  }
}

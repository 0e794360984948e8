package dev.mydocker.launch;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.util.Optional;

/** A launch that failed: at which step, why, and the exit code Docker's users expect for it. */
public final class LaunchException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int ENGINE = 125;
  private static final int NOT_EXECUTABLE = 126;
  private static final int NOT_FOUND = 127;

  private final transient Optional<Step> step;
  private final int exitCode;

  private LaunchException(String message, Optional<Step> step, int exitCode) {
    super(message);
    this.step = step;
    this.exitCode = exitCode;
  }

  /** The step that failed and its positive error number. */
  static LaunchException at(Step step, int number) {
    Errno errno = Errno.of(number);
    String reason = KernelException.describe(number);
    if (step.op() == Op.EXECVE) {
      return execve(step, errno, reason);
    }
    if (step.op() == Op.CHDIR && errno != Errno.EIO) {
      String directory = ((Arg.Text) step.args().get(0)).value();
      return new LaunchException(
          "cannot enter the working directory " + directory + ": " + reason,
          Optional.of(step),
          NOT_EXECUTABLE);
    }
    String advice = advice(step, errno);
    return new LaunchException(
        "cannot start the container's process: "
            + step.shown()
            + ": "
            + reason
            + " ("
            + step.why()
            + ")"
            + advice,
        Optional.of(step),
        ENGINE);
  }

  private static LaunchException execve(Step step, Errno errno, String reason) {
    String command = ((Arg.Texts) step.args().get(1)).values().get(0);
    boolean missing = errno == Errno.ENOENT || errno == Errno.ENOTDIR;
    String detail;
    if (!missing) {
      detail =
          errno == Errno.ENOEXEC ? ": is it built for another machine, or a script without #!" : "";
    } else if (command.indexOf('/') < 0) {
      detail = ": not found in the container's PATH";
    } else {
      detail = ": the file, or the interpreter it names, is not in the container";
    }
    return new LaunchException(
        "cannot execute \"" + command + "\": " + reason + detail,
        Optional.of(step),
        missing ? NOT_FOUND : NOT_EXECUTABLE);
  }

  private static String advice(Step step, Errno errno) {
    if (step.op() == Op.RLIMIT && errno == Errno.EPERM) {
      return ": raising a hard limit needs CAP_SYS_RESOURCE, which this host does not give";
    }
    if (errno == Errno.EINVAL && step.op() == Op.ATTACH) {
      return ": is what is mounted a file and its target a directory, or the other way round?";
    }
    if (errno == Errno.EINVAL && step.op() == Op.IDMAP) {
      return ": its file system knows no idmapped mounts, without which there is no --userns";
    }
    if (errno == Errno.ENOSPC && step.op() == Op.CLONE_INIT) {
      return ": a limit in /proc/sys/user is reached";
    }
    if (errno == Errno.EPERM && step.op() == Op.CLONE_INIT) {
      return ": creating namespaces needs root";
    }
    return "";
  }

  /** A launch whose process ended without saying why. */
  static LaunchException vanished() {
    return new LaunchException(
        "cannot start the container's process: it was killed before it could start the command",
        Optional.empty(),
        ENGINE);
  }

  /** The step that failed, when it is known. */
  public Optional<Step> step() {
    return step;
  }

  /** 127 when the command is not there, 126 when it cannot be executed, else 125. */
  public int exitCode() {
    return exitCode;
  }
}

package dev.mydocker.spec;

import java.util.List;
import java.util.Optional;

/**
 * What is asked of a process that joins a running container.
 *
 * @param command what is executed, and its arguments
 * @param env variables beside the container's
 * @param workdir an absolute path; empty for the container's own working directory
 * @param user empty for the container's own user
 * @param tty whether it gets a terminal
 * @param privileged whether it gets every capability that the engine has
 */
public record ExecOptions(
    List<String> command,
    List<EnvEntry> env,
    Optional<String> workdir,
    Optional<UserSpec> user,
    boolean tty,
    boolean privileged) {

  public ExecOptions {
    command = List.copyOf(command);
    env = List.copyOf(env);
  }

  /** A command in a container, as the container's own process is run. */
  public static ExecOptions of(List<String> command) {
    return new ExecOptions(command, List.of(), Optional.empty(), Optional.empty(), false, false);
  }
}

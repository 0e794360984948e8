package dev.mydocker.engine;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where an engine keeps what it knows.
 *
 * @param state what survives a reboot: images, layers, containers
 * @param run what does not: locks and the files of running containers
 */
record Roots(Path state, Path run) {
  private static final String STATE = "/var/lib/mydocker";
  private static final String RUN = "/run/mydocker";

  /**
   * MYDOCKER_ROOT and MYDOCKER_RUN_ROOT, else /var/lib/mydocker and /run/mydocker for the
   * superuser, else the user's XDG directories.
   */
  static Roots of(Map<String, String> environment, boolean superuser) {
    Path state;
    Path run;
    if (superuser) {
      state = Path.of(STATE);
      run = Path.of(RUN);
    } else {
      String home = environment.getOrDefault("HOME", "/");
      state =
          Path.of(environment.getOrDefault("XDG_DATA_HOME", home + "/.local/share"), "mydocker");
      run = Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", home + "/.local/run"), "mydocker");
    }
    return new Roots(
        given(environment, "MYDOCKER_ROOT", state), given(environment, "MYDOCKER_RUN_ROOT", run));
  }

  private static Path given(Map<String, String> environment, String name, Path otherwise) {
    String value = environment.getOrDefault(name, "");
    return value.isEmpty() ? otherwise : Path.of(value).toAbsolutePath().normalize();
  }

  /** Where every container's record and writable layer are, each in a directory named by its id. */
  Path containers() {
    return state.resolve("containers");
  }

  /** Where names are claimed: a file per name that holds an id. */
  Path names() {
    return containers().resolve("names");
  }

  /** Where every volume is, in a directory of its name. */
  Path volumes() {
    return state.resolve("volumes");
  }

  /** Where it is kept which networks there are. */
  Path networks() {
    return state.resolve("networks");
  }

  /** Where it is kept what of networks is on this host. */
  Path connected() {
    return run.resolve("networks");
  }

  /** Whether they are the superuser's default ones, of which a host has one pair. */
  boolean isUsual() {
    return state.toString().equals(STATE) && run.toString().equals(RUN);
  }

  /** Where it is told what has happened. */
  Path events() {
    return state.resolve("events");
  }

  /** Where it is kept what profiles of system calls were compiled to. */
  Path seccomp() {
    return state.resolve("seccomp");
  }

  /** Where the commands that have joined containers are, by id, until their end is told. */
  Path execs() {
    return run.resolve("execs");
  }

  /** Where the containers that have something on this host are, by id. */
  Path running() {
    return run.resolve("containers");
  }
}

package dev.mydocker.spec;

import dev.mydocker.json.Json;

/** What was asked about the system calls a container may make ({@code --security-opt seccomp=}). */
public sealed interface SeccompOption {

  /** Nothing: the engine's own profile, or none for a privileged container. */
  record Unsaid() implements SeccompOption {}

  /** The engine's own profile. */
  record Builtin() implements SeccompOption {}

  /** No filter. */
  record Unconfined() implements SeccompOption {}

  /**
   * Another profile.
   *
   * @param source where it is from, as it was given
   * @param profile the document, Docker's or OCI's form
   */
  record Profile(String source, Json.Obj profile) implements SeccompOption {}
}

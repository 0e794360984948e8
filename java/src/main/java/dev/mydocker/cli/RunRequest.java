package dev.mydocker.cli;

import dev.mydocker.engine.CreateRequest;
import dev.mydocker.spec.RunOptions;
import java.util.Optional;

/**
 * A command line of {@code run}, parsed.
 *
 * @param create what is asked of the container
 * @param cidfile where its id is written
 * @param detach whether it is left in the background
 * @param detachKeys those that let go of its terminal
 * @param sigProxy whether the signals of this program go to the container
 * @param explain how its launch is shown, when it is
 * @param dryRun what is shown instead of a launch, when something is
 */
record RunRequest(
    CreateRequest create,
    Optional<String> cidfile,
    boolean detach,
    DetachKeys detachKeys,
    boolean sigProxy,
    Optional<Explain> explain,
    Optional<DryRun> dryRun) {

  /** What is asked of its configuration. */
  RunOptions options() {
    return create.options();
  }

  /** The forms of {@code --explain}. */
  enum Explain {
    TREE,
    JSON,
    HTML
  }

  /** The forms of {@code --dry-run}. */
  enum DryRun {
    PLAN,
    JSON,
    SCRIPT
  }
}

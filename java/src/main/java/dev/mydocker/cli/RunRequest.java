package dev.mydocker.cli;

import dev.mydocker.engine.CreateRequest;
import dev.mydocker.image.PullListener;
import dev.mydocker.spec.RunOptions;
import java.util.Optional;

/**
 * A command line of {@code run}, parsed.
 *
 * @param create what is asked of the container
 * @param cidfile where its id is written
 * @param detach whether it is left in the background
 * @param streams what it is lent of this program's streams when it is not
 * @param quiet whether nothing is shown of a pull
 * @param detachKeys those that let go of its terminal
 * @param sigProxy whether the signals of this program go to the container
 * @param explain how its launch is shown, when it is
 * @param dryRun what is shown instead of a launch, when something is
 */
record RunRequest(
    CreateRequest create,
    Optional<String> cidfile,
    boolean detach,
    Streams streams,
    boolean quiet,
    DetachKeys detachKeys,
    boolean sigProxy,
    Optional<Explain> explain,
    Optional<DryRun> dryRun) {

  /** What is asked of its configuration. */
  RunOptions options() {
    return create.options();
  }

  /** Shows a pull, when it is to be shown. */
  PullListener pullProgress(Session session) {
    return quiet ? PullListener.NONE : session.pullProgress();
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

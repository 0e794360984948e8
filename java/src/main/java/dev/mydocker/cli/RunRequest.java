package dev.mydocker.cli;

import dev.mydocker.image.Platform;
import dev.mydocker.image.PullPolicy;
import dev.mydocker.spec.RunOptions;
import java.util.Optional;

/**
 * A command line of {@code run}, parsed.
 *
 * @param options what is asked of the container
 * @param platform which of an image's variants
 * @param pull when its image is fetched
 * @param cidfile where its id is written
 * @param sigProxy whether the signals of this program go to the container
 * @param explain how its launch is shown, when it is
 * @param dryRun what is shown instead of a launch, when something is
 */
record RunRequest(
    RunOptions options,
    Platform platform,
    PullPolicy pull,
    Optional<String> cidfile,
    boolean sigProxy,
    Optional<Explain> explain,
    Optional<DryRun> dryRun) {

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

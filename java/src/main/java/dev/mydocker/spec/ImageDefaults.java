package dev.mydocker.spec;

import java.util.List;
import java.util.Optional;

/**
 * What an image's configuration says about running it; see the OCI image-spec, config.md.
 *
 * @param user {@code user[:group]}, or empty
 * @param env {@code NAME=value}
 * @param entrypoint the command's fixed part
 * @param cmd the command's default arguments
 * @param workingDir an absolute path, or empty
 * @param stopSignal a signal's name or number
 * @param volumes absolute paths
 */
public record ImageDefaults(
    String user,
    List<String> env,
    List<String> entrypoint,
    List<String> cmd,
    String workingDir,
    Optional<String> stopSignal,
    List<String> volumes) {

  public ImageDefaults {
    env = List.copyOf(env);
    entrypoint = List.copyOf(entrypoint);
    cmd = List.copyOf(cmd);
    volumes = List.copyOf(volumes);
  }

  /** An image that says nothing. */
  public static final ImageDefaults EMPTY =
      new ImageDefaults("", List.of(), List.of(), List.of(), "", Optional.empty(), List.of());
}

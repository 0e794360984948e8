package dev.mydocker.engine;

import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Images;
import dev.mydocker.image.PullListener;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.util.Map;

/** The engine over one state root; safe for several threads, and processes, at once. */
public final class Engine {

  private Engine() {}

  /**
   * An engine.
   *
   * @param environment MYDOCKER_ROOT and MYDOCKER_RUN_ROOT, else the defaults of this user
   */
  public static Engine open(Map<String, String> environment) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Its images. */
  public Images images() {
    throw new UnsupportedOperationException();
  }

  /**
   * Fetches the image when it has to, decides the configuration, and records the container.
   *
   * @throws OptionException when the options do not agree with each other, the image or the host
   * @throws dev.mydocker.image.ImageException when the image cannot be had
   */
  public Container create(CreateRequest request, PullListener listener)
      throws IOException, OptionException {
    throw new UnsupportedOperationException();
  }

  /** What {@link #create} and {@link Container#start} would do; touches nothing. */
  public LaunchScript.Launch preview(CreateRequest request, Stdio stdio, PullListener listener)
      throws IOException, OptionException {
    throw new UnsupportedOperationException();
  }
}

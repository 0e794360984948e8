package dev.mydocker.cli;

import dev.mydocker.image.PushListener;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A push as plain lines, one per event that a reader of a log wants. */
final class PushLines implements PushListener {
  private final PullLines.Writer writer;

  /** The layers: an image's configuration is sent too, and no line tells of it. */
  private final Set<String> layers = ConcurrentHashMap.newKeySet();

  PushLines(PullLines.Writer writer) {
    this.writer = writer;
  }

  @Override
  public void layer(String id, long total) {
    layers.add(id);
    line(id, "Preparing");
  }

  @Override
  public void waiting(String id) {
    line(id, "Waiting");
  }

  @Override
  public void alreadyExists(String id) {
    line(id, "Layer already exists");
  }

  @Override
  public void mounted(String id, String path) {
    line(id, "Mounted from " + path);
  }

  @Override
  public void skipped(String id) {
    line(id, "Skipped foreign layer");
  }

  @Override
  public void pushed(String id) {
    line(id, "Pushed");
  }

  private synchronized void line(String id, String state) {
    if (layers.contains(id)) {
      writer.write(id + ": " + state + "\n");
    }
  }
}

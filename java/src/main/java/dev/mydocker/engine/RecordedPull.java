package dev.mydocker.engine;

import dev.mydocker.image.PullListener;
import dev.mydocker.launch.Recorder;

/** Records every request of a pull as a step of the launch, and passes all events on. */
final class RecordedPull implements PullListener {
  private final PullListener next;
  private final Recorder recorder;

  RecordedPull(PullListener next, Recorder recorder) {
    this.next = next;
    this.recorder = recorder;
  }

  @Override
  public void layer(String id, long total) {
    next.layer(id, total);
  }

  @Override
  public void alreadyExists(String id) {
    next.alreadyExists(id);
  }

  @Override
  public void progress(String id, long done) {
    next.progress(id, done);
  }

  @Override
  public void verified(String id) {
    next.verified(id);
  }

  @Override
  public void unpacking(String id) {
    next.unpacking(id);
  }

  @Override
  public void done(String id) {
    next.done(id);
  }

  @Override
  public void call(String method, String url, int status, long startNanos, long endNanos) {
    recorder.add(
        "http", method + " " + url, "the image from its registry", status, startNanos, endNanos);
    next.call(method, url, status, startNanos, endNanos);
  }
}

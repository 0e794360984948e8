package dev.mydocker.engine;

/** How well a container is, as far as its checks have told. */
public enum HealthStatus {
  /** No check has succeeded since it was started, and not enough of them have failed. */
  STARTING("starting"),
  /** The last check succeeded, or too few in a row have failed since. */
  HEALTHY("healthy"),
  /** As many checks in a row as it has retries have failed; or it does not run. */
  UNHEALTHY("unhealthy");

  private final String text;

  HealthStatus(String text) {
    this.text = text;
  }

  /** Docker's word for it. */
  public String text() {
    return text;
  }
}

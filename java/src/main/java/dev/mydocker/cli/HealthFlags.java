package dev.mydocker.cli;

import dev.mydocker.engine.HealthCheck;
import dev.mydocker.image.GoDuration;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The flags of {@code run} and {@code create} that say how a container's health is looked at. */
final class HealthFlags {
  private static final String COMMAND = "--health-cmd";
  private static final String INTERVAL = "--health-interval";
  private static final String TIMEOUT = "--health-timeout";
  private static final String START_PERIOD = "--health-start-period";
  private static final String START_INTERVAL = "--health-start-interval";
  private static final String RETRIES = "--health-retries";
  private static final String NONE = "--no-healthcheck";
  private static final String[] VALUES = {
    COMMAND, INTERVAL, TIMEOUT, START_PERIOD, START_INTERVAL, RETRIES
  };

  private HealthFlags() {}

  static Flags declare(Flags flags) {
    return flags
        .group("Health")
        .value("COMMAND", "What finds out whether it is well; run by a shell", COMMAND)
        .value("TIME", "Between two checks: 1m30s, 500ms (default 30s)", INTERVAL)
        .value("TIME", "How long a check may take (default 30s)", TIMEOUT)
        .value("TIME", "After its start: failures do not count (default 0s)", START_PERIOD)
        .value("TIME", "Between two checks meanwhile (default 5s)", START_INTERVAL)
        .value("NUMBER", "Failures in a row that make it unhealthy (default 3)", RETRIES)
        .toggle("No checks, whatever the image says", NONE);
  }

  /**
   * What was asked for; empty when nothing was.
   *
   * @throws UsageException when a value is malformed, or contradicts another
   */
  static Optional<HealthCheck> read(Flags.Parsed parsed) throws UsageException {
    boolean given = false;
    for (String flag : VALUES) {
      given |= parsed.value(flag).isPresent();
    }
    if (given && parsed.on(NONE)) {
      throw new UsageException("--no-healthcheck conflicts with --health-* options");
    }
    if (given) {
      return Optional.of(check(parsed));
    }
    return parsed.on(NONE) ? Optional.of(HealthCheck.NONE) : Optional.empty();
  }

  private static HealthCheck check(Flags.Parsed parsed) throws UsageException {
    String command = parsed.value(COMMAND).orElse("");
    return new HealthCheck(
        command.isEmpty() ? List.of() : HealthCheck.ofText(command).test(),
        time(parsed, INTERVAL),
        time(parsed, TIMEOUT),
        time(parsed, START_PERIOD),
        time(parsed, START_INTERVAL),
        retries(parsed),
        List.of());
  }

  /** 0 says nothing, as with Docker. */
  private static Duration time(Flags.Parsed parsed, String flag) throws UsageException {
    String text = parsed.value(flag).orElse("0");
    return GoDuration.parse(text, HealthCheck.SHORTEST)
        .orElseThrow(
            () ->
                new UsageException(
                    flag
                        + ": "
                        + Text.quote(text)
                        + " is no time, or below 1ms: write 30s, 1m30s or 500ms"));
  }

  private static int retries(Flags.Parsed parsed) throws UsageException {
    int retries = WholeNumber.parse(RETRIES, parsed.value(RETRIES).orElse("0"));
    if (retries < 0) {
      throw new UsageException(RETRIES + " cannot be negative");
    }
    return retries;
  }
}

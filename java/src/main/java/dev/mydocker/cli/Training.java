package dev.mydocker.cli;

/**
 * What the launcher's archive of classes is made of: an archive holds what one JVM has loaded, so
 * the commands that people use most run here one after another. Their output and codes are of no
 * interest; a command that fails only leaves more to load for those who use it.
 */
public final class Training {
  private static final String[] COMMANDS = {
    "run --rm --network none",
    "tag hello trial",
    "run --rm --network none --name first trial",
    "run -d --network none --name second -e A=b -v /trial -l a=b trial wait",
    "ps -a",
    "images",
    "inspect second",
    "logs second",
    "exec second /hello",
    "stop second",
    "wait second",
    "start second",
    "rm -f -v second",
    "run -d --rm --network none trial",
  };

  /** These change the network of whoever runs them. */
  private static final String[] NETWORK_COMMANDS = {
    "run --rm trial",
    "run -d --name third -p 8080:80 trial",
    "rm -f third",
    "network create other",
    "run --rm --network other trial",
    "network rm other",
  };

  private Training() {}

  /**
   * Runs them.
   *
   * @param where {@code apart} when this process is in a network namespace of its own
   */
  public static void main(String[] where) {
    run(COMMANDS);
    if (where.length > 0 && where[0].equals("apart")) {
      run(NETWORK_COMMANDS);
    }
  }

  private static void run(String[] commands) {
    for (String command : commands) {
      new Main(Console.ofProcess()).run(command.split(" "));
    }
  }
}

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
    "run -d --network none --name second -e A=b -v /trial -l a=b trial",
    "ps -a",
    "images",
    "inspect second",
    "logs second",
    "exec second true",
    "wait second",
    "stop second",
    "start second",
    "rm -f -v second",
    "run -d --rm --network none trial",
  };

  private Training() {}

  public static void main(String[] none) {
    for (String command : COMMANDS) {
      new Main(Console.ofProcess()).run(command.split(" "));
    }
  }
}

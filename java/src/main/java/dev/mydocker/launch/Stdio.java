package dev.mydocker.launch;

/** What a container's standard input and output are. */
public sealed interface Stdio {

  /** A pseudo-terminal of that size, of the container's own devpts. */
  record Terminal(int rows, int columns) implements Stdio {}

  /** Three pipes; without {@code stdin} the container reads its own /dev/null. */
  record Streams(boolean stdin) implements Stdio {}
}

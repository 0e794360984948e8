package dev.mydocker.engine;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is told of one command that joins a container. */
final class ExecEvents {
  /** A script may be long, and an event is a line. */
  private static final int LONGEST = 4096;

  private final EventLog log;
  private final ContainerRecord container;
  private final String command;
  private final String id = ContainerId.random();

  ExecEvents(EventLog log, ContainerRecord container, List<String> command) {
    this.log = log;
    this.container = container;
    String line = String.join(" ", command);
    this.command = line.codePointCount(0, line.length()) <= LONGEST ? line : cut(line);
  }

  private static String cut(String line) {
    return line.substring(0, line.offsetByCodePoints(0, LONGEST));
  }

  void created() {
    tell("exec_create: " + command, Map.of());
  }

  void started() {
    tell("exec_start: " + command, Map.of());
  }

  void detached() {
    tell("exec_detach", Map.of());
  }

  void ended(int code) {
    tell("exec_die", Map.of("exitCode", Integer.toString(code)));
  }

  private void tell(String action, Map<String, String> more) {
    Map<String, String> attributes = new TreeMap<>(more);
    attributes.put("execID", id);
    log.container(container, action, attributes);
  }
}

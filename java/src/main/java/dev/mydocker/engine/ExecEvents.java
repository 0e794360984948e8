package dev.mydocker.engine;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is told of one command that joins a container. */
final class ExecEvents {
  /** The attribute by which a command's events are known from those of another. */
  static final String ID = "execID";

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

  /** The command's id. */
  String id() {
    return id;
  }

  /** The record by which its end is told, also by others. */
  ExecRecord record(Roots roots) throws IOException {
    return ExecRecord.make(roots, log, container, id);
  }

  private void tell(String action, Map<String, String> more) {
    Map<String, String> attributes = new TreeMap<>(more);
    attributes.put(ID, id);
    log.container(container, action, attributes);
  }
}

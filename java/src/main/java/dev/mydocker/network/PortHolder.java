package dev.mydocker.network;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds out which process has a port of this host, as far as /proc tells (proc_net(5)). */
final class PortHolder {
  private static final int LOCAL = 1;
  private static final int INODE = 9;

  private PortHolder() {}

  /** {@code process 123 (nginx)}; empty when nobody is found. */
  static Optional<String> of(HostPort port) {
    Set<String> sockets = new HashSet<>();
    String hex = String.format(":%04X", port.port());
    for (String table : List.of(port.protocol(), port.protocol() + "6")) {
      for (String line : lines(Path.of("/proc/self/net/" + table))) {
        String[] words = line.strip().split(" +");
        if (words.length > INODE && words[LOCAL].endsWith(hex)) {
          sockets.add("socket:[" + words[INODE] + "]");
        }
      }
    }
    return sockets.isEmpty() ? Optional.empty() : holder(sockets);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }

  private static Optional<String> holder(Set<String> sockets) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (has(process, sockets)) {
          String name = String.join("", lines(process.resolve("comm")));
          return Optional.of("process " + process.getFileName() + " (" + name + ")");
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static boolean has(Path process, Set<String> sockets) {
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path fd : fds) {
        if (sockets.contains(Files.readSymbolicLink(fd).toString())) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // It has ended meanwhile, or is not for us to look into.
      return false;
    }
    return false;
  }
}

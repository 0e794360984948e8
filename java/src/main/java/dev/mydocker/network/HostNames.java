package dev.mydocker.network;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** What an engine's links and table are called on the host, which engines may share. */
final class HostNames {
  /** IFNAMSIZ less the NUL. */
  private static final int LINK = 15;

  private final String tag;
  private final int offset;
  private final boolean usual;

  HostNames(String directories, boolean usual) {
    CRC32 sum = new CRC32();
    sum.update(directories.getBytes(StandardCharsets.UTF_8));
    // The digit in front keeps the others' zeros, and is cut off: a format costs milliseconds.
    this.tag = Long.toHexString(sum.getValue() & 0xfffff | 0x100000).substring(1);
    this.offset = usual ? 0 : (int) (sum.getValue() & 0x7fff) + 1;
    this.usual = usual;
  }

  /** Where in the range of subnets to begin; 0 for the usual engine. */
  int offset() {
    return offset;
  }

  String bridge(Network network) {
    return usual && network.name().equals("bridge")
        ? "mydocker0"
        : ("md" + tag + "-" + network.id()).substring(0, LINK);
  }

  /** The host's end of the wire into a container. */
  String wire(Endpoint endpoint) {
    return ("mv" + tag + "-" + endpoint.id()).substring(0, LINK);
  }

  String table() {
    return usual ? "mydocker" : "mydocker_" + tag;
  }

  boolean isOurs(String link) {
    return usual && link.equals("mydocker0")
        || link.startsWith("md" + tag + "-")
        || link.startsWith("mv" + tag + "-");
  }
}

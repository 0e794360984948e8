package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The kernel's tables of packet rules: nft(8) writes them, a message of nfnetlink asks about them.
 */
final class Nft {
  private static final int SUBSYSTEM = 10 << 8;
  private static final int DELTABLE = SUBSYSTEM | 2;
  private static final int GETGEN = SUBSYSTEM | 16;
  private static final int BATCH_BEGIN = 16;
  private static final int BATCH_END = 17;
  private static final int NFPROTO_INET = 1;
  private static final int NFTA_TABLE_NAME = 1;
  private static final int NFTA_GEN_ID = 1;
  private static final int HEADER = 4;

  private static final List<String> PLACES =
      List.of("/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/usr/local/sbin/nft");

  private Nft() {}

  /**
   * Begins to replace a table: much of the time it takes, the kernel waits for what goes on by the
   * old rules.
   *
   * @param rules for {@code nft -f}
   * @return what ends with it, and gives what was said
   * @throws NetworkException when nft is missing
   */
  static Process start(String rules) throws IOException {
    String program = "";
    for (String place : PLACES) {
      if (program.isEmpty() && Files.isExecutable(Path.of(place))) {
        program = place;
      }
    }
    if (program.isEmpty()) {
      throw new NetworkException(
          NetworkException.Kind.HOST,
          "a network needs the program nft, which is not installed: install the package nftables,"
              + " or use --network none or host");
    }
    Process nft = new ProcessBuilder(program, "-f", "-").redirectErrorStream(true).start();
    try (OutputStream in = nft.getOutputStream()) {
      in.write(rules.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It has ended before it read everything: what it said is told at its end.
    }
    return nft;
  }

  /**
   * Waits for its end.
   *
   * @throws NetworkException when it refused the rules
   */
  static void finish(Process nft) throws IOException {
    String said = new String(nft.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (nft.waitFor() != 0) {
        int end = said.indexOf('\n');
        throw new NetworkException(
            NetworkException.Kind.HOST,
            "nft -f - refuses the rules of the networks: "
                + (end < 0 ? said : said.substring(0, end)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while nft was running", e);
    }
  }

  /** The number of changes that the tables of this network namespace have seen. */
  static long generation() throws KernelException {
    try (Netlink netlink = Netlink.open(-1, Netlink.NETFILTER)) {
      NetMessage message = new NetMessage(GETGEN, NetMessage.F_REQUEST).u8(0).u8(0).u16(0);
      for (Netlink.Reply reply : netlink.ask(message, "NFT_MSG_GETGEN")) {
        var id = reply.attribute(HEADER, NFTA_GEN_ID);
        if (id.isPresent()) {
          return Integer.toUnsignedLong(Integer.reverseBytes(id.get().getInt(0)));
        }
      }
      return 0;
    }
  }

  /** Removes a table; one that is not there is removed already. */
  static void delete(String table) throws KernelException {
    int flags = NetMessage.F_REQUEST;
    // The fourth field of a batch's header is the subsystem, in the network's order.
    int nftables = Short.reverseBytes((short) 10);
    try (Netlink netlink = Netlink.open(-1, Netlink.NETFILTER)) {
      netlink.request(
          List.of(
              new NetMessage(BATCH_BEGIN, flags).u8(0).u8(0).u16(nftables),
              new NetMessage(DELTABLE, flags | NetMessage.F_ACK)
                  .u8(NFPROTO_INET)
                  .u8(0)
                  .u16(0)
                  .attribute(NFTA_TABLE_NAME, table),
              new NetMessage(BATCH_END, flags).u8(0).u8(0).u16(nftables)),
          "NFT_MSG_DELTABLE of " + table);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}

package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;

/**
 * The kernel's tables of packet rules, nftables, by its own protocol: no program is started, which
 * would take longer than all else of a container's network.
 */
final class Nft {
  private static final int GETGEN = RuleMessages.NFTABLES << 8 | 16;
  private static final int NFTA_GEN_ID = 1;
  private static final int HEADER = 4;

  private Nft() {}

  /**
   * Puts a table in the place of what has its name, in one step: a packet meets the old rules or
   * the new ones.
   */
  static void replace(RuleTable table) throws KernelException {
    try (Netlink netlink = Netlink.open(-1, Netlink.NETFILTER)) {
      netlink.request(RuleMessages.replacing(table), table.replacement());
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
    RuleMessages batch = new RuleMessages(RuleMessages.NFPROTO_INET, table).delete();
    try (Netlink netlink = Netlink.open(-1, Netlink.NETFILTER)) {
      netlink.request(batch.done(), "NFT_MSG_DELTABLE of " + table);
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }
}

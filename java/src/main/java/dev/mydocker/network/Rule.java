package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.util.List;

/**
 * A rule about packets: what it is about, and what becomes of them. {@link #text} is how nft(8)
 * writes it, {@link RuleMessages} how the kernel takes it.
 *
 * @param matches all of which a packet must meet
 * @param verdict what becomes of it then
 */
record Rule(List<Match> matches, Verdict verdict) {
  Rule {
    matches = List.copyOf(matches);
  }

  /** Something that holds for a packet, or does not. */
  sealed interface Match {
    String text();
  }

  /**
   * The link it came by, or leaves by.
   *
   * @param in whether it is the one it came by
   * @param not whether it must be another one
   */
  record Device(boolean in, boolean not, String name) implements Match {
    @Override
    public String text() {
      return (in ? "iifname " : "oifname ") + (not ? "!= " : "") + "\"" + name + "\"";
    }
  }

  /**
   * Whom it is from, or for; of another family it is neither.
   *
   * @param from whether it is whom it is from
   * @param not whether it must be somebody else
   * @param net with a prefix of all bits a single address
   */
  record Address(boolean from, boolean not, Subnet net) implements Match {
    @Override
    public String text() {
      String what = isSingle() ? net.first().toString() : net.toString();
      return (net.first().isV6() ? "ip6" : "ip")
          + (from ? " saddr " : " daddr ")
          + (not ? "!= " : "")
          + what;
    }

    boolean isSingle() {
      return net.prefix() == Byte.SIZE * net.first().bytes().length;
    }

    /** A single address. */
    static Address of(boolean from, boolean not, Ip ip) {
      return new Address(from, not, new Subnet(ip, Byte.SIZE * ip.bytes().length));
    }
  }

  /** Whether it is IPv6, or IPv4. */
  record Family(boolean v6) implements Match {
    @Override
    public String text() {
      return "meta nfproto " + (v6 ? "ipv6" : "ipv4");
    }
  }

  /** It is for an address of this host. */
  record ToThisHost() implements Match {
    @Override
    public String text() {
      return "fib daddr type local";
    }
  }

  /** It is for a port of that protocol. */
  record ToPort(String protocol, int port) implements Match {
    @Override
    public String text() {
      return protocol + " dport " + port;
    }
  }

  /** It belongs to a flow that was let through, or is about one. */
  record Known() implements Match {
    @Override
    public String text() {
      return "ct state established,related";
    }
  }

  /** Its flow was led to a published port's container. */
  record Led() implements Match {
    @Override
    public String text() {
      return "ct status dnat";
    }
  }

  /** What becomes of a packet. */
  sealed interface Verdict {
    String text();
  }

  /** It goes on. */
  record Accept() implements Verdict {
    @Override
    public String text() {
      return "accept";
    }
  }

  /** It is gone. */
  record Drop() implements Verdict {
    @Override
    public String text() {
      return "drop";
    }
  }

  /** It leaves as from the address of the link it leaves by. */
  record Masquerade() implements Verdict {
    @Override
    public String text() {
      return "masquerade";
    }
  }

  /** It goes elsewhere. */
  record Lead(Ip to, int port) implements Verdict {
    @Override
    public String text() {
      return to.isV6() ? "dnat ip6 to [" + to + "]:" + port : "dnat ip to " + to + ":" + port;
    }
  }

  /** For nft(8). */
  String text() {
    StringBuilder out = new StringBuilder();
    for (Match match : matches) {
      out.append(match.text()).append(' ');
    }
    return out.append(verdict.text()).toString();
  }
}

package dev.mydocker.network;

import java.util.List;
import java.util.Locale;

/**
 * A table of rules for IPv4 and IPv6 ({@code inet}).
 *
 * @param name its name
 * @param chains its chains
 */
record RuleTable(String name, List<Chain> chains) {
  RuleTable {
    chains = List.copyOf(chains);
  }

  /** Where packets come by: the numbers of {@code NF_INET_*}. */
  enum Hook {
    PREROUTING(0),
    FORWARD(2),
    OUTPUT(3),
    POSTROUTING(4);

    final int number;

    Hook(int number) {
      this.number = number;
    }

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Rules one after the other; what none of them decides goes on.
   *
   * @param name its name
   * @param type {@code filter} or {@code nat}
   * @param hook where it is asked
   * @param priority its place among others there, the lowest first
   */
  record Chain(String name, String type, Hook hook, int priority, List<Rule> rules) {
    Chain {
      rules = List.copyOf(rules);
    }
  }

  /** What its messages are about, for messages to people. */
  String replacement() {
    return "new rules of table inet " + name;
  }

  /** As a file for {@code nft -f}, which puts it in the place of what has its name in one step. */
  String text() {
    StringBuilder out = new StringBuilder();
    out.append("table inet ").append(name).append(" {}\n");
    out.append("delete table inet ").append(name).append('\n');
    out.append("table inet ").append(name).append(" {\n");
    for (Chain chain : chains) {
      out.append("  chain ").append(chain.name()).append(" {\n");
      out.append("    type ").append(chain.type()).append(" hook ").append(chain.hook().text());
      out.append(" priority ").append(chain.priority()).append("; policy accept;\n");
      for (Rule rule : chain.rules()) {
        out.append("    ").append(rule.text()).append('\n');
      }
      out.append("  }\n");
    }
    return out.append("}\n").toString();
  }
}

package dev.mydocker.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.spec.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** NetworkIT compares what the kernel has of them with what nft makes of the same rules. */
class RuleMessagesTest {
  private static final int BEGIN = 16;
  private static final int END = 17;
  private static final int NEW_TABLE = 10 << 8;
  private static final int DELETE_TABLE = NEW_TABLE | 2;
  private static final int NEW_CHAIN = NEW_TABLE | 3;
  private static final int NEW_RULE = NEW_TABLE | 6;

  private static final RuleTable TABLE =
      new RuleTable(
          "ours",
          List.of(
              new RuleTable.Chain(
                  "early",
                  "filter",
                  RuleTable.Hook.PREROUTING,
                  -300,
                  List.of(
                      new Rule(List.of(new Rule.Device(true, true, "lo")), new Rule.Drop()),
                      new Rule(
                          List.of(
                              Rule.Address.of(false, false, Ip.of(new byte[] {10, 0, 0, 1})),
                              new Rule.ToPort("udp", 53)),
                          new Rule.Lead(Ip.of(new byte[] {10, 0, 0, 2}), 5353))))));

  private static List<ByteBuffer> batch() {
    List<ByteBuffer> out = new ArrayList<>();
    for (NetMessage message : RuleMessages.replacing(TABLE)) {
      out.add(ByteBuffer.wrap(message.toBytes(1)).order(ByteOrder.nativeOrder()));
    }
    return out;
  }

  @Test
  void aTableIsReplacedInOneTransaction() {
    assertThat(batch())
        .extracting(message -> (int) message.getShort(4))
        .containsExactly(
            BEGIN, NEW_TABLE, DELETE_TABLE, NEW_TABLE, NEW_CHAIN, NEW_RULE, NEW_RULE, END);
  }

  @Test
  void theLastChangeAloneIsAnsweredWhenAllHold() {
    assertThat(batch())
        .extracting(message -> (message.getShort(6) & NetMessage.F_ACK) != 0)
        .containsExactly(false, false, false, false, false, false, true, false);
  }

  @Test
  void theTextIsAFileForNft() {
    assertThat(TABLE.text())
        .isEqualTo(
            """
            table inet ours {}
            delete table inet ours
            table inet ours {
              chain early {
                type filter hook prerouting priority -300; policy accept;
                iifname != "lo" drop
                ip daddr 10.0.0.1 udp dport 53 dnat ip to 10.0.0.2:5353
              }
            }
            """);
  }
}

package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * What devices a container gets beside those that every one has.
 *
 * @param nodes devices of the host
 * @param rules what it may use beyond those, should it make or find a node
 */
public record DeviceChoice(List<DeviceOption> nodes, List<Spec.DeviceRule> rules) {

  /** None. */
  public static final DeviceChoice NONE = new DeviceChoice(List.of(), List.of());

  private static final long MAX_NUMBER = 0xffff_ffffL;

  public DeviceChoice {
    nodes = List.copyOf(nodes);
    rules = List.copyOf(rules);
  }

  /** The paths of {@link #nodes} on the host. */
  public Set<String> sources() {
    Set<String> paths = new TreeSet<>();
    nodes.forEach(node -> paths.add(node.source()));
    return paths;
  }

  /**
   * Reads a rule: {@code c 1:3 rwm}, {@code a *:* r}.
   *
   * @throws OptionException in Docker's words when it is malformed
   */
  public static Spec.DeviceRule parseRule(String text) throws OptionException {
    String[] words = text.split(" ", -1);
    String[] numbers = words.length == 3 ? words[1].split(":", -1) : new String[0];
    boolean good =
        numbers.length == 2
            && List.of("a", "b", "c").contains(words[0])
            && isNumber(numbers[0])
            && isNumber(numbers[1])
            && !words[2].isEmpty()
            && words[2].length() <= 3
            && words[2].chars().allMatch(c -> "rwm".indexOf(c) >= 0);
    if (!good) {
      throw new OptionException(
          "invalid device cgroup format " + OptionException.quote(text) + ": write 'c 1:3 rwm'");
    }
    return new Spec.DeviceRule(true, words[0], number(numbers[0]), number(numbers[1]), words[2]);
  }

  private static boolean isNumber(String text) {
    return text.equals("*") || Digits.parse(text, MAX_NUMBER) >= 0;
  }

  private static OptionalLong number(String text) {
    return text.equals("*")
        ? OptionalLong.empty()
        : OptionalLong.of(Digits.parse(text, MAX_NUMBER));
  }

  /** The rules as a user would write them. */
  public List<String> ruleTexts() {
    List<String> texts = new ArrayList<>();
    for (Spec.DeviceRule rule : rules) {
      texts.add(
          rule.type() + " " + text(rule.major()) + ":" + text(rule.minor()) + " " + rule.access());
    }
    return texts;
  }

  private static String text(OptionalLong number) {
    return number.isPresent() ? Long.toString(number.getAsLong()) : "*";
  }

  /** The nodes as a user would write them, in full. */
  public List<String> nodeTexts() {
    List<String> texts = new ArrayList<>();
    for (DeviceOption node : nodes) {
      texts.add(node.text());
    }
    return texts;
  }

  /**
   * What {@link #nodeTexts} and {@link #ruleTexts} give, or a user writes.
   *
   * @throws OptionException when one is malformed
   */
  public static DeviceChoice parse(List<String> nodes, List<String> rules) throws OptionException {
    List<DeviceOption> devices = new ArrayList<>();
    for (String node : nodes) {
      devices.add(DeviceOption.parse(node));
    }
    List<Spec.DeviceRule> parsed = new ArrayList<>();
    for (String rule : rules) {
      parsed.add(parseRule(rule));
    }
    return new DeviceChoice(devices, parsed);
  }
}

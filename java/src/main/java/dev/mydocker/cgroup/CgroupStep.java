package dev.mydocker.cgroup;

import dev.mydocker.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/**
 * One change of the cgroup file system, decided before anything is done: what {@link CgroupHost}
 * plans, {@link Cgroup} does, and a script prints.
 */
public sealed interface CgroupStep {

  /** The directory or file, absolute on this host. */
  String path();

  /** What it is for, in half a line. */
  String why();

  /** A directory to be made; one that is there already is taken as it is when {@code shared}. */
  record MakeDirectory(String path, boolean shared, String why) implements CgroupStep {}

  /**
   * A value to be written.
   *
   * @param value the text, without a newline
   * @param verify whether what is read back must be this value (as far as the kernel keeps it)
   */
  record Write(String path, String value, boolean verify, String why) implements CgroupStep {}

  /**
   * A program to be attached to a v2 cgroup, which lets its processes use devices or not.
   *
   * @param rules of several for one device the last one counts; what none speaks of is denied
   */
  record DeviceFilter(String path, List<Spec.DeviceRule> rules, String why) implements CgroupStep {
    public DeviceFilter {
      rules = List.copyOf(rules);
    }

    /** The rules as v1 writes them, each with what it does in front: {@code allow c 1:3 rwm}. */
    public List<String> texts() {
      List<String> texts = new ArrayList<>();
      for (Spec.DeviceRule rule : rules) {
        for (String text : CgroupPlanner.texts(rule)) {
          texts.add((rule.allow() ? "allow " : "deny ") + text);
        }
      }
      return texts;
    }
  }
}

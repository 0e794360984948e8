package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/** How a container is connected. */
public sealed interface NetworkMode {

  /** The word of {@code --network}; of several networks their names, joined by commas. */
  String text();

  /** A network namespace of its own with nothing but loopback. */
  record None() implements NetworkMode {
    @Override
    public String text() {
      return "none";
    }
  }

  /** The host's network namespace. */
  record Host() implements NetworkMode {
    @Override
    public String text() {
      return "host";
    }
  }

  /**
   * A network namespace of its own, whose packets a process of the user takes to the host's
   * sockets: pasta(1).
   */
  record Pasta() implements NetworkMode {
    @Override
    public String text() {
      return "pasta";
    }
  }

  /**
   * The network namespace of another container.
   *
   * @param container its name or id
   */
  record OfContainer(String container) implements NetworkMode {
    /** What stands in front of it in {@code --network}. */
    public static final String PREFIX = "container:";

    @Override
    public String text() {
      return PREFIX + container;
    }
  }

  /**
   * A network namespace of its own, with a link in each of some networks.
   *
   * @param networks in order; the first one that leads out is the way out
   */
  record Joined(List<NetworkJoin> networks) implements NetworkMode {
    public Joined {
      networks = List.copyOf(networks);
    }

    @Override
    public String text() {
      return String.join(",", networks.stream().map(NetworkJoin::network).toList());
    }

    /** Where whoever says nothing is. */
    public static Joined byDefault() {
      return new Joined(List.of(NetworkJoin.of(NetworkJoin.DEFAULT)));
    }
  }

  /**
   * Reads the value of {@code --network}.
   *
   * @throws OptionException when it is malformed
   */
  static NetworkMode parse(String text) throws OptionException {
    if (text.equals("none")) {
      return new None();
    }
    if (text.equals("host")) {
      return new Host();
    }
    if (text.startsWith(OfContainer.PREFIX)) {
      String container = text.substring(OfContainer.PREFIX.length());
      if (container.isEmpty()) {
        throw new OptionException(
            "--network: " + OptionException.quote(text) + ": use container:NAME");
      }
      return new OfContainer(container);
    }
    if (text.equals("pasta")) {
      return new Pasta();
    }
    return new Joined(List.of(NetworkJoin.parse(text)));
  }

  /**
   * Reads the values of {@code --network}; without any it is the default network.
   *
   * @throws OptionException when one is malformed, or they contradict each other
   */
  static NetworkMode parse(List<String> texts) throws OptionException {
    if (texts.size() == 1) {
      return parse(texts.get(0));
    }
    if (texts.isEmpty()) {
      return Joined.byDefault();
    }
    List<NetworkJoin> joins = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (String text : texts) {
      if (!(parse(text) instanceof Joined joined)) {
        throw new OptionException(
            "--network: conflicting options: "
                + OptionException.quote(text)
                + " cannot be one of several networks");
      }
      NetworkJoin join = joined.networks().get(0);
      if (names.contains(join.network())) {
        throw new OptionException(
            "--network: " + OptionException.quote(join.network()) + " is given twice");
      }
      names.add(join.network());
      joins.add(join);
    }
    return new Joined(joins);
  }
}

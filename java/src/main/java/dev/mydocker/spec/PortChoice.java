package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.List;

/**
 * What ports of a container this host serves.
 *
 * @param published those that are
 * @param all whether every exposed one is, at any free port of the host
 * @param exposed those that the container is said to serve: {@code 80/tcp}
 */
public record PortChoice(List<PortOption> published, boolean all, List<String> exposed) {
  /** None. */
  public static final PortChoice NONE = new PortChoice(List.of(), false, List.of());

  public PortChoice {
    published = List.copyOf(published);
    exposed = List.copyOf(exposed);
  }

  /** The ports as a user would write them, in full. */
  public List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (PortOption port : published) {
      texts.add(port.text());
    }
    return texts;
  }

  /**
   * What {@link #texts} gives, or a user writes.
   *
   * @throws OptionException when one is malformed
   */
  public static PortChoice parse(List<String> published, boolean all, List<String> exposed)
      throws OptionException {
    List<PortOption> ports = new ArrayList<>();
    for (String text : published) {
      ports.addAll(PortOption.parse(text));
    }
    List<String> names = new ArrayList<>();
    for (String text : exposed) {
      names.addAll(PortOption.parseExposed(text));
    }
    return new PortChoice(ports, all, names);
  }

  /**
   * With what the image exposes; then each port that is served is among the published ones.
   *
   * @throws OptionException when the image names what is no port
   */
  public PortChoice with(List<String> image) throws OptionException {
    List<String> names = new ArrayList<>(exposed);
    for (String text : image) {
      for (String name : PortOption.parseExposed(text)) {
        if (!names.contains(name)) {
          names.add(name);
        }
      }
    }
    List<PortOption> ports = new ArrayList<>(published);
    List<String> served = new ArrayList<>();
    for (PortOption port : published) {
      served.add(port.port() + "/" + port.protocol());
    }
    for (String name : names) {
      if (all && !served.contains(name)) {
        ports.addAll(PortOption.parse(name));
      }
    }
    return new PortChoice(ports, all, names);
  }
}

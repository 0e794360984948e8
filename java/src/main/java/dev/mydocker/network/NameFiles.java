package dev.mydocker.network;

import dev.mydocker.spec.Ip;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the monitors of containers answer their questions for names from: native/resolver.c. A file
 * for each network, {@code RUN/networks/names.ID}, with lines {@code A ADDRESS NAME} and, for the
 * name of an address, {@code P ADDRESS NAME}; and {@code networks} in each container's run
 * directory, with the files of its networks and whether others may be asked. They are replaced
 * whole, under the networks' lock, and read at each question, so nobody needs to be told.
 */
final class NameFiles {
  private NameFiles() {}

  /** Writes the files of which something changes between two states of all networks. */
  static void update(
      NetFiles files, List<Network> networks, List<Endpoint> before, List<Endpoint> after)
      throws IOException {
    Map<String, Network> known = Networks.byId(networks);
    Map<String, String> old = names(known, before);
    Map<String, String> now = names(known, after);
    for (String network : changed(old, now)) {
      files.writeNames(network, now.getOrDefault(network, ""));
    }
    old = memberships(known, before);
    now = memberships(known, after);
    for (String container : changed(old, now)) {
      files.writeMembership(container, now.getOrDefault(container, ""));
    }
  }

  private static List<String> changed(Map<String, String> before, Map<String, String> after) {
    List<String> out = new ArrayList<>();
    for (Map.Entry<String, String> file : after.entrySet()) {
      if (!file.getValue().equals(before.get(file.getKey()))) {
        out.add(file.getKey());
      }
    }
    for (String key : before.keySet()) {
      if (!after.containsKey(key)) {
        out.add(key);
      }
    }
    return out;
  }

  /** The content of each network's file, by id. */
  private static Map<String, String> names(Map<String, Network> known, List<Endpoint> endpoints) {
    Map<String, String> out = new LinkedHashMap<>();
    for (Endpoint endpoint : endpoints) {
      Network network = known.get(endpoint.network());
      if (network != null && network.isNamed()) {
        out.merge(network.id(), names(network, endpoint), String::concat);
      }
    }
    return out;
  }

  /** By each of its names, alone and with the network's behind it, as Docker has it. */
  static String names(Network network, Endpoint endpoint) {
    StringBuilder out = new StringBuilder();
    List<Ip> addresses = new ArrayList<>();
    endpoint.ip().ifPresent(addresses::add);
    endpoint.ip6().ifPresent(addresses::add);
    String domain = "." + network.name();
    for (Ip address : addresses) {
      for (String name : endpoint.names()) {
        line(out, 'A', address, name);
        line(out, 'A', address, name + domain);
      }
      if (!endpoint.names().isEmpty()) {
        line(out, 'P', address, endpoint.names().get(0) + domain);
      }
    }
    return out.toString();
  }

  private static void line(StringBuilder out, char kind, Ip address, String name) {
    out.append(kind).append(' ').append(address).append(' ');
    out.append(name.toLowerCase(Locale.ROOT)).append('\n');
  }

  /** The content of each container's file, by id. */
  private static Map<String, String> memberships(
      Map<String, Network> known, List<Endpoint> endpoints) {
    Map<String, String> out = new LinkedHashMap<>();
    for (Endpoint endpoint : endpoints) {
      Network network = known.get(endpoint.network());
      if (network != null) {
        String line = network.isNamed() ? "names ../../networks/names." + network.id() + "\n" : "";
        line += network.internal() ? "" : "forward\n";
        out.merge(endpoint.container(), line, String::concat);
      }
    }
    return out;
  }
}

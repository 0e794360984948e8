package dev.mydocker.network;

import dev.mydocker.kernel.Fd;
import dev.mydocker.spec.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a container that is about to run has of its networks: its places in them, and the ports that
 * are kept for it.
 */
public final class Connection implements AutoCloseable {

  /**
   * A place and the network it is in.
   *
   * @param endpoint the place
   * @param network the network
   * @param bridge the number of its link
   */
  record Place(Endpoint endpoint, Network network, int bridge) {}

  private final List<Place> places;
  private final Optional<Fd> ports;
  private final List<String> remarks;

  Connection(List<Place> places, Optional<Fd> ports, List<String> remarks) {
    this.places = List.copyOf(places);
    this.ports = ports;
    this.remarks = List.copyOf(remarks);
  }

  List<Place> places() {
    return places;
  }

  /** What keeps its ports for as long as it, or a copy of it, is open. */
  public Optional<Fd> ports() {
    return ports;
  }

  /** What was changed on this host that a user should know: a sentence each. */
  public List<String> remarks() {
    return remarks;
  }

  /** Its address in the first of its networks that has such; empty when none has. */
  public Optional<Ip> address() {
    for (Place place : places) {
      if (place.endpoint().ip().isPresent()) {
        return place.endpoint().ip();
      }
    }
    return Optional.empty();
  }

  /** Its addresses, those of the first network first. */
  public List<Ip> addresses() {
    List<Ip> out = new ArrayList<>();
    for (Place place : places) {
      place.endpoint().ip().ifPresent(out::add);
      place.endpoint().ip6().ifPresent(out::add);
    }
    return out;
  }

  /** Whether one of its networks tells the names of those who are in it. */
  public boolean isNamed() {
    for (Place place : places) {
      if (place.network().isNamed()) {
        return true;
      }
    }
    return false;
  }

  /** The host's own address in the first of its networks that leads out. */
  public Optional<Ip> gateway() {
    for (Place place : places) {
      Optional<Network.Pool> pool = place.network().pool(false);
      if (place.endpoint().wayOut() && pool.isPresent()) {
        return Optional.of(pool.get().gateway());
      }
    }
    return Optional.empty();
  }

  /** Lets go of its ports. */
  @Override
  public void close() {
    ports.ifPresent(Fd::close);
  }
}

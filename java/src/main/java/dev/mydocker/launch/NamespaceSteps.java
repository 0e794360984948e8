package dev.mydocker.launch;

import dev.mydocker.spec.Spec;

/** A container's namespaces: which it gets and which it joins, and what I does in them first. */
final class NamespaceSteps {
  private static final long SOCK_STREAM = 1;
  private static final long SOCK_DGRAM = 2;

  private final Spec spec;
  private final StepList out;

  /**
   * Steps of them.
   *
   * @param out I's
   */
  NamespaceSteps(Spec spec, StepList out) {
    this.spec = spec;
    this.out = out;
  }

  /** Whether it gets one of its own. */
  boolean has(Namespace kind) {
    for (Spec.Namespace n : spec.linux().namespaces()) {
      if (n.type().equals(kind.oci()) && n.path().isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** Whether it joins one where somebody else lives. */
  boolean joins(Namespace kind) {
    for (Spec.Namespace n : spec.linux().namespaces()) {
      if (n.type().equals(kind.oci()) && n.path().isPresent()) {
        return true;
      }
    }
    return false;
  }

  /** Joins one. */
  void join(Namespace kind, StepList who) {
    who.add(
        who.cause("namespace:" + kind.oci()),
        Op.SETNS,
        Arg.fd(PlanCompiler.FIRST_JOINED + kind.ordinal()),
        Arg.number(kind.flag(), "CLONE_NEW" + kind.suffix()));
  }

  /** The slots of those that I joins. */
  long joined() {
    long slots = 0;
    for (Namespace kind : Namespace.values()) {
      slots |= joins(kind) ? Slot.set(PlanCompiler.FIRST_JOINED + kind.ordinal()) : 0;
    }
    return slots;
  }

  /**
   * M clones I into those of its own.
   *
   * @param kept the slots that I has
   */
  void cloneInit(StepList monitor, long kept, boolean unified) {
    long flags = 0;
    StringBuilder names = new StringBuilder();
    StringBuilder why = new StringBuilder("namespaces of its own:");
    for (Namespace n : Namespace.values()) {
      if (n != Namespace.CGROUP && has(n)) {
        flags |= n.flag();
        names.append(names.length() == 0 ? "" : "|").append("CLONE_NEW").append(n.suffix());
        why.append(' ').append(n.oci());
      }
    }
    monitor.add(
        flags == 0 ? "the container's first process" : why.toString(),
        Op.CLONE_INIT,
        Arg.number(flags, flags == 0 ? "0" : names.toString()),
        Arg.slots(kept),
        unified ? Arg.fd(Slot.CGROUP) : Arg.NONE);
  }

  /** I joins others'; the user namespace first: it decides whether the rest may be joined. */
  void joinOthers() {
    for (Namespace kind : Namespace.values()) {
      if (joins(kind) && kind != Namespace.PID) {
        join(kind, out);
      }
    }
  }

  /** I takes its place in those that want more than a clone. */
  void settle() {
    if (has(Namespace.USER)) {
      // The maps exist now: only as an id of the new namespace may anything be made in it.
      out.become(0, 0, "root of the user namespace");
    }
    if (has(Namespace.CGROUP)) {
      // Only now: the root of a cgroup namespace is where its maker is.
      out.add(
          out.cause("namespace:cgroup"),
          Op.UNSHARE,
          Arg.number(Namespace.CGROUP.flag(), "CLONE_NEWCGROUP"));
    }
  }

  /**
   * What its network and its names are.
   *
   * @param resolver whether its monitor is its name server
   */
  void identity(boolean resolver) {
    if (has(Namespace.NETWORK)) {
      out.add("its own network has one link, lo: up", Op.LOOPBACK_UP);
    }
    if (resolver) {
      serve(SOCK_DGRAM, "SOCK_DGRAM");
      serve(SOCK_STREAM, "SOCK_STREAM");
    }
    if (has(Namespace.UTS)) {
      spec.hostname().ifPresent(h -> out.add(out.cause("hostname"), Op.SETHOSTNAME, Arg.text(h)));
      spec.domainname()
          .ifPresent(d -> out.add(out.cause("domainname"), Op.SETDOMAINNAME, Arg.text(d)));
    }
  }

  /** Before there is anybody in the container who could take the port. */
  private void serve(long type, String name) {
    String why = "containers of its networks have names: the monitor answers who asks for them";
    out.add(
        why,
        Op.BIND,
        Arg.fd(Register.TREE),
        Arg.number(type, name),
        Arg.number(PlanCompiler.RESOLVER, PlanCompiler.RESOLVER_ADDRESS),
        Arg.number(PlanCompiler.RESOLVER_PORT));
    out.add(why, Op.SEND_FD, Arg.fd(Slot.VIEW_OUT), Arg.fd(Register.TREE));
  }
}

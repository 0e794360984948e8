package dev.mydocker.network;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A netlink socket: requests one after the other, each with its answer. See netlink(7). */
final class Netlink implements AutoCloseable {
  static final int ROUTE = 0;
  static final int NETFILTER = 12;

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOL_SOCKET = 1;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int NETLINK_GET_STRICT_CHK = 12;
  private static final int BUFFER = 65536;

  private static final int MESSAGE_ERROR = 2;
  private static final int MESSAGE_DONE = 3;
  private static final int F_CAPPED = 0x100;
  private static final int F_ACK_TLVS = 0x200;
  private static final int ACK_TEXT = 1;

  /**
   * One message of an answer.
   *
   * @param type its type
   * @param body what follows the header
   */
  record Reply(int type, ByteBuffer body) {

    /** An attribute's value behind a fixed part of that size; empty when it is not there. */
    Optional<ByteBuffer> attribute(int fixed, int type) {
      return find(body, fixed, type);
    }
  }

  private final Fd socket;
  private final byte[] buffer = new byte[BUFFER];
  private int sequence;

  private Netlink(Fd socket) {
    this.socket = socket;
  }

  /**
   * Opens one.
   *
   * @param netns the network namespace it speaks of, as a number; -1 for this process's
   */
  static Netlink open(int netns, int protocol) throws KernelException {
    String name = protocol == ROUTE ? "rtnetlink" : "nfnetlink";
    Fd socket = Fd.of(Linux.socketIn(netns, AF_NETLINK, SOCK_RAW, protocol), "socket", name);
    // Both only make errors and dumps more exact; a kernel without them does as well.
    Linux.setsockopt(socket.number(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
    Linux.setsockopt(socket.number(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    return new Netlink(socket);
  }

  /**
   * Has the kernel do something.
   *
   * @param what the request in words, for the message of a failure
   * @throws KernelException with the kernel's own explanation where it gives one
   */
  void request(NetMessage message, String what) throws KernelException {
    ask(message, what);
  }

  /** The same of several messages, the last of which alone is answered: a batch of nftables. */
  void request(List<NetMessage> messages, String what) throws KernelException {
    int size = 0;
    List<byte[]> all = new ArrayList<>();
    for (NetMessage message : messages) {
      byte[] bytes = message.toBytes(++sequence);
      all.add(bytes);
      size += bytes.length;
    }
    // All of them are one message of the socket, which may be larger than they usually are.
    if (size > BUFFER) {
      Linux.setsockopt(socket.number(), SOL_SOCKET, SO_SNDBUFFORCE, size);
    }
    ByteBuffer joined = ByteBuffer.allocateDirect(size);
    for (byte[] bytes : all) {
      joined.put(bytes);
    }
    int n = Linux.writeDirect(socket.number(), joined, 0, size);
    KernelException.check(n, "netlink", what);
    receive(what, -1);
  }

  /** Asks; the answer's messages, of a dump as many as there are. */
  List<Reply> ask(NetMessage message, String what) throws KernelException {
    send(message.toBytes(++sequence), what);
    return receive(what, sequence);
  }

  private void send(byte[] bytes, String what) throws KernelException {
    int n = Linux.send(socket.number(), bytes, 0, bytes.length);
    KernelException.check(n, "netlink", what);
  }

  private List<Reply> receive(String what, int wanted) throws KernelException {
    List<Reply> replies = new ArrayList<>();
    for (; ; ) {
      int size = Linux.read(socket.number(), buffer, 0, buffer.length);
      KernelException.check(size, "netlink", what);
      ByteBuffer in = ByteBuffer.wrap(buffer, 0, size).order(ByteOrder.nativeOrder());
      boolean last = false;
      boolean multi = false;
      while (in.remaining() >= NetMessage.HEADER) {
        int at = in.position();
        int length = in.getInt(at);
        int type = in.getShort(at + 4) & 0xffff;
        int flags = in.getShort(at + 6) & 0xffff;
        boolean mine = wanted < 0 || in.getInt(at + 8) == wanted;
        if (length < NetMessage.HEADER || length > in.remaining()) {
          throw new KernelException("netlink", what, Errno.EIO.number());
        }
        if (mine && (type == MESSAGE_ERROR || type == MESSAGE_DONE)) {
          fail(in, at, length, flags, type, what);
          last = true;
        } else if (mine) {
          byte[] body = new byte[length - NetMessage.HEADER];
          in.get(at + NetMessage.HEADER, body);
          replies.add(new Reply(type, ByteBuffer.wrap(body).order(ByteOrder.nativeOrder())));
          multi |= (flags & 2) != 0;
          last |= !multi;
        }
        in.position(Math.min(in.limit(), at + (length + 3 & ~3)));
      }
      if (last) {
        return replies;
      }
    }
  }

  /** An error message, or the end of a dump, with a number that is not 0. */
  private static void fail(ByteBuffer in, int at, int length, int flags, int type, String what)
      throws KernelException {
    int error = length >= NetMessage.HEADER + 4 ? in.getInt(at + NetMessage.HEADER) : 0;
    if (error >= 0) {
      return;
    }
    String text = "";
    if (type == MESSAGE_ERROR && (flags & F_ACK_TLVS) != 0) {
      int header = at + NetMessage.HEADER + 4;
      int quoted = (flags & F_CAPPED) != 0 ? NetMessage.HEADER : in.getInt(header) + 3 & ~3;
      ByteBuffer message = in.duplicate().order(ByteOrder.nativeOrder());
      message.limit(at + length);
      Optional<ByteBuffer> said = find(message, header + quoted, ACK_TEXT);
      text = said.isPresent() ? ": the kernel says \"" + text(said.get()) + "\"" : "";
    }
    throw new KernelException("netlink", what + text, -error);
  }

  /**
   * An attribute's value.
   *
   * @param from where attributes begin
   */
  static Optional<ByteBuffer> find(ByteBuffer in, int from, int wanted) {
    int at = from;
    while (at + 4 <= in.limit()) {
      int length = in.getShort(at) & 0xffff;
      int type = in.getShort(at + 2) & 0x3fff;
      if (length < 4 || at + length > in.limit()) {
        return Optional.empty();
      }
      if (type == wanted) {
        byte[] value = new byte[length - 4];
        in.get(at + 4, value);
        return Optional.of(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()));
      }
      at += length + 3 & ~3;
    }
    return Optional.empty();
  }

  /** A text up to its NUL. */
  static String text(ByteBuffer value) {
    byte[] bytes = value.array();
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    socket.close();
  }
}

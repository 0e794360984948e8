package dev.mydocker.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A netlink message while it is written: its header, the fixed part of its type, and attributes,
 * which may hold others. Numbers are in the machine's order unless the kernel wants them otherwise.
 * See netlink(7), rtnetlink(7).
 */
final class NetMessage {
  static final int HEADER = 16;

  static final int F_REQUEST = 1;
  static final int F_ACK = 4;
  static final int F_EXCL = 0x200;
  static final int F_CREATE = 0x400;
  static final int F_DUMP = 0x300;

  private static final int NESTED = 0x8000;
  private static final int ROOM = 2048;

  private final ByteBuffer out = ByteBuffer.allocate(ROOM).order(ByteOrder.nativeOrder());

  /**
   * Begins one.
   *
   * @param type {@code RTM_NEWLINK}, ...
   * @param flags {@code NLM_F_*}
   */
  NetMessage(int type, int flags) {
    out.position(HEADER);
    out.putShort(4, (short) type).putShort(6, (short) flags);
  }

  /** Sets one more flag. */
  NetMessage also(int flag) {
    out.putShort(6, (short) (out.getShort(6) | flag));
    return this;
  }

  NetMessage u8(int value) {
    out.put((byte) value);
    return this;
  }

  NetMessage u16(int value) {
    out.putShort((short) value);
    return this;
  }

  NetMessage u32(int value) {
    out.putInt(value);
    return this;
  }

  NetMessage attribute(int type, byte[] value) {
    out.putShort((short) (4 + value.length)).putShort((short) type).put(value);
    return align();
  }

  NetMessage attribute(int type, int value) {
    out.putShort((short) 8).putShort((short) type).putInt(value);
    return this;
  }

  NetMessage attribute(int type, byte value) {
    return attribute(type, new byte[] {value});
  }

  /** A text with the NUL that ends it. */
  NetMessage attribute(int type, String text) {
    return attribute(type, (text + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** Begins an attribute that holds others; its place is for {@link #end}. */
  int begin(int type) {
    int at = out.position();
    out.putShort((short) 0).putShort((short) (type | NESTED));
    return at;
  }

  NetMessage end(int begun) {
    out.putShort(begun, (short) (out.position() - begun));
    return this;
  }

  private NetMessage align() {
    while ((out.position() & 3) != 0) {
      out.put((byte) 0);
    }
    return this;
  }

  /** The whole message. */
  byte[] toBytes(int sequence) {
    out.putInt(0, out.position()).putInt(8, sequence);
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }
}

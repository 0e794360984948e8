package dev.mydocker.launch;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** An argument of a launch operation. */
public sealed interface Arg {

  /** A string, handed to the kernel as UTF-8. */
  record Text(String value) implements Arg {}

  /** No string, or no slot. */
  record None() implements Arg {}

  /** A number, and how a person writes it: {@code MS_REC|MS_PRIVATE}, {@code 0755}, {@code 42}. */
  record Number(long value, String shown) implements Arg {}

  /** A descriptor slot, see {@link Slot}. */
  record Fd(int slot) implements Arg {}

  /** A list of strings. */
  record Texts(List<String> values) implements Arg {
    public Texts {
      values = List.copyOf(values);
    }
  }

  /** Bytes, and how a person reads them. */
  record Bytes(byte[] value, String shown) implements Arg {
    public Bytes {
      value = value.clone();
    }

    @Override
    public byte[] value() {
      return value.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Bytes b && java.util.Arrays.equals(value, b.value);
    }

    @Override
    public int hashCode() {
      return java.util.Arrays.hashCode(value);
    }
  }

  Arg NONE = new None();

  static Arg text(String value) {
    return new Text(value);
  }

  static Arg number(long value) {
    return new Number(value, Long.toString(value));
  }

  static Arg octal(long value) {
    return new Number(value, "0" + Long.toOctalString(value));
  }

  static Arg number(long value, String shown) {
    return new Number(value, shown);
  }

  static Arg fd(int slot) {
    return new Fd(slot);
  }

  static Arg texts(List<String> values) {
    return new Texts(values);
  }

  /** The content of a file. */
  static Arg content(String value) {
    return new Bytes(value.getBytes(StandardCharsets.UTF_8), '"' + value + '"');
  }

  /** A set of slots, see {@link Slot#set}. */
  static Arg slots(long set) {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < Slot.COUNT; i++) {
      if ((set >> i & 1) != 0) {
        out.append(out.length() == 1 ? "" : " ").append(Slot.name(i));
      }
    }
    return number(set, out.append('}').toString());
  }
}

package dev.mydocker.launch;

import java.util.List;

/**
 * One operation of a plan.
 *
 * @param op what is done
 * @param args its arguments, as many and of the kinds that {@link Op#arguments} says
 * @param why what it is for, and the flag, image field or default that caused it; half a line
 */
public record Step(Op op, List<Arg> args, String why) {

  /** Checks kinds and number of the arguments. */
  public Step {
    args = List.copyOf(args);
    String kinds = op.arguments();
    if (args.size() != kinds.length()) {
      throw new IllegalArgumentException(op + " takes " + kinds.length() + " arguments");
    }
    for (int i = 0; i < kinds.length(); i++) {
      if (!matches(kinds.charAt(i), args.get(i))) {
        throw new IllegalArgumentException(
            op + " argument " + i + " is not of kind " + kinds.charAt(i));
      }
    }
  }

  static Step of(String why, Op op, Arg... args) {
    return new Step(op, List.of(args), why);
  }

  private static boolean matches(char kind, Arg arg) {
    return switch (kind) {
      case 's' -> arg instanceof Arg.Text;
      case 'S' -> arg instanceof Arg.Text || arg instanceof Arg.None;
      case 'n' -> arg instanceof Arg.Number;
      case 'f' -> arg instanceof Arg.Fd;
      case 'F' -> arg instanceof Arg.Fd || arg instanceof Arg.None;
      case 'v' -> arg instanceof Arg.Texts;
      case 'b' -> arg instanceof Arg.Bytes;
      default -> false;
    };
  }

  /** The step as a person reads it: {@code mount("overlay", "/run/...", ...)}. */
  public String shown() {
    StringBuilder out = new StringBuilder(op.call()).append('(');
    if (!op.call().equals(op.name().toLowerCase(java.util.Locale.ROOT))) {
      out.setLength(0);
      out.append(op.name().toLowerCase(java.util.Locale.ROOT)).append('(');
    }
    for (int i = 0; i < args.size(); i++) {
      out.append(i == 0 ? "" : ", ").append(shown(args.get(i)));
    }
    return out.append(')').toString();
  }

  private static String shown(Arg arg) {
    if (arg instanceof Arg.Text t) {
      return quoted(t.value());
    } else if (arg instanceof Arg.Number n) {
      return n.shown();
    } else if (arg instanceof Arg.Fd f) {
      return Slot.name(f.slot());
    } else if (arg instanceof Arg.Texts v) {
      StringBuilder out = new StringBuilder("[");
      for (String s : v.values()) {
        out.append(out.length() == 1 ? "" : ", ").append(quoted(s));
      }
      return out.append(']').toString();
    } else if (arg instanceof Arg.Bytes b) {
      return b.shown();
    }
    return "-";
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f) {
            out.append("\\x")
                .append(Character.forDigit(c >> 4, 16))
                .append(Character.forDigit(c & 15, 16));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}

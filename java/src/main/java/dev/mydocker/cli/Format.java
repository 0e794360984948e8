package dev.mydocker.cli;

import dev.mydocker.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A {@code --format}: the part of Go's templates that people write for Docker.
 *
 * <p>{@code {{.ID}}}, {@code {{.Client.Version}}}, {@code {{json .}}}, {@code {{json .ID}}}, {@code
 * upper}, {@code lower}; {@code \t} and {@code \n}; {@code json} alone is {@code {{json .}}};
 * {@code table} in front aligns tab-separated columns under their headings.
 */
final class Format {

  /** What users name the members of: one that is not there is no mistake. */
  private static final Set<String> MAPS = Set.of("Annotations", "Attributes", "Labels");

  /** A piece of a template. */
  private sealed interface Piece {}

  private record Literal(String text) implements Piece {}

  /** {@code function} is empty or json, upper, lower; an empty path is the whole row. */
  private record Action(String function, List<String> path) implements Piece {}

  private final boolean table;
  private final List<Piece> pieces;

  private Format(boolean table, List<Piece> pieces) {
    this.table = table;
    this.pieces = pieces;
  }

  /**
   * Parses a template.
   *
   * @throws UsageException when it uses what is not offered
   */
  static Format parse(String template) throws UsageException {
    if (template.equals("json")) {
      return new Format(false, List.of(new Action("json", List.of())));
    }
    boolean table = template.startsWith("table ");
    String body = unescape(table ? template.substring("table ".length()) : template);
    List<Piece> pieces = new ArrayList<>();
    int at = 0;
    while (at < body.length()) {
      int open = body.indexOf("{{", at);
      if (open < 0) {
        pieces.add(new Literal(body.substring(at)));
        break;
      }
      int close = body.indexOf("}}", open);
      if (close < 0) {
        throw new UsageException("invalid value for --format: \"{{\" without \"}}\"");
      }
      if (open > at) {
        pieces.add(new Literal(body.substring(at, open)));
      }
      pieces.add(action(body.substring(open + 2, close).strip()));
      at = close + 2;
    }
    return new Format(table, pieces);
  }

  /** Whether it shows that field by name: {@code {{json .}}} shows all, and names none. */
  boolean names(String field) {
    return pieces.stream().anyMatch(p -> p instanceof Action a && a.path().equals(List.of(field)));
  }

  /**
   * Renders rows, one line each.
   *
   * @param headings what stands above a column of a table, by field
   * @throws UsageException when the template names a field that the rows do not have
   */
  String render(List<Json.Obj> rows, Map<String, String> headings) throws UsageException {
    if (!table) {
      StringBuilder out = new StringBuilder();
      for (Json.Obj row : rows) {
        out.append(line(row, row)).append('\n');
      }
      return out.toString();
    }
    Table cells = new Table();
    cells.row(columns(heading(headings)));
    for (Json.Obj row : rows) {
      cells.row(columns(line(row, row)));
    }
    return cells.render();
  }

  /**
   * Renders one row, without a newline.
   *
   * @param whole what {@code {{json .}}} is, whose members are not called as the fields are
   */
  String line(Json.Obj row, Json whole) throws UsageException {
    StringBuilder out = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Literal literal) {
        out.append(literal.text());
      } else {
        Action action = (Action) piece;
        out.append(evaluate(action, action.path().isEmpty() ? whole : row));
      }
    }
    return out.toString();
  }

  private String heading(Map<String, String> headings) {
    StringBuilder out = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Literal literal) {
        out.append(literal.text());
      } else {
        String field = String.join(".", ((Action) piece).path());
        out.append(headings.getOrDefault(field, field.toUpperCase(Locale.ROOT)));
      }
    }
    return out.toString();
  }

  private static String evaluate(Action action, Json row) throws UsageException {
    Json value = row;
    String parent = "";
    for (String name : action.path()) {
      Json member = value instanceof Json.Obj object ? object.members().get(name) : null;
      if (member == null && MAPS.contains(parent)) {
        return "<no value>";
      }
      if (member == null) {
        throw new UsageException(
            "invalid value for --format: there is no field ."
                + Text.printable(name)
                + (value instanceof Json.Obj object
                    ? "; there are " + String.join(", ", object.members().keySet())
                    : ""));
      }
      value = member;
      parent = name;
    }
    if (action.function().equals("json")) {
      return value.toText();
    }
    String text = value instanceof Json.Str string ? string.value() : value.toText();
    switch (action.function()) {
      case "upper":
        return Text.printable(text.toUpperCase(Locale.ROOT));
      case "lower":
        return Text.printable(text.toLowerCase(Locale.ROOT));
      default:
        return Text.printable(text);
    }
  }

  private static Action action(String inside) throws UsageException {
    int space = inside.indexOf(' ');
    String function = space < 0 ? "" : inside.substring(0, space);
    String field = space < 0 ? inside : inside.substring(space).strip();
    boolean known = List.of("", "json", "upper", "lower").contains(function);
    if (!known || !field.startsWith(".") || field.indexOf(' ') >= 0 || field.indexOf('|') >= 0) {
      throw new UsageException(
          "invalid value for --format: \"{{"
              + Text.printable(inside)
              + "}}\": use {{.Field}}, {{json .}}, {{json .Field}}, upper or lower");
    }
    List<String> path = new ArrayList<>();
    int at = 1;
    while (at < field.length()) {
      int dot = field.indexOf('.', at);
      int end = dot < 0 ? field.length() : dot;
      path.add(field.substring(at, end));
      at = end + 1;
    }
    return new Action(function, path);
  }

  private static List<String> columns(String line) {
    List<String> cells = new ArrayList<>();
    int at = 0;
    for (int tab = line.indexOf('\t'); tab >= 0; tab = line.indexOf('\t', at)) {
      cells.add(line.substring(at, tab));
      at = tab + 1;
    }
    cells.add(line.substring(at));
    return cells;
  }

  private static String unescape(String text) {
    return text.replace("\\t", "\t").replace("\\n", "\n");
  }
}

package dev.mydocker.json;

import com.google.gson.FormattingStyle;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A JSON value (RFC 8259), immutable, members in their order.
 *
 * <p>The parser is strict, as its input may be hostile: a member named twice, anything after the
 * value, nesting beyond {@link #MAX_DEPTH}, text that is no Unicode, and a document over the
 * caller's limit are refused.
 */
public sealed interface Json {

  /** Objects and arrays in one another: each takes some of the stack, comparing them the most. */
  int MAX_DEPTH = 200;

  /** How many characters a number may have. */
  int MAX_NUMBER = 40;

  /** A string. */
  record Str(String value) implements Json {}

  /**
   * A number, kept as it was written. It becomes a {@link BigDecimal} only when it is asked for:
   * the JDK, from 25 on, takes 25 ms to make that class ready.
   */
  record Num(String text) implements Json {
    public Num(long value) {
      this(Long.toString(value));
    }

    public BigDecimal value() {
      return new BigDecimal(text);
    }

    /**
     * It as an integer.
     *
     * @throws ArithmeticException when it is none of 64 bits
     */
    long integer() {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException otherwiseWritten) {
        return value().longValueExact();
      }
    }
  }

  /** true or false. */
  record Bool(boolean value) implements Json {}

  /** null. */
  record Null() implements Json {}

  /** An array. */
  record Arr(List<Json> items) implements Json {
    public Arr {
      items = List.copyOf(items);
    }
  }

  /** An object. */
  record Obj(Map<String, Json> members) implements Json {
    public Obj {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    /** The member of that name; empty when it is missing or null. */
    public Optional<Json> get(String name) {
      Json value = members.get(name);
      return value == null || value instanceof Null ? Optional.empty() : Optional.of(value);
    }

    /**
     * The string of that name; empty when missing or null.
     *
     * @throws JsonException when it is something else
     */
    public Optional<String> string(String name) throws JsonException {
      return typed(name, Str.class, "a string").map(Str::value);
    }

    /** The whole number of that name. See {@link #string}. */
    public Optional<Long> integer(String name) throws JsonException {
      Optional<Num> n = typed(name, Num.class, "a number");
      try {
        return n.map(Num::integer);
      } catch (ArithmeticException e) {
        throw new JsonException("\"" + name + "\" is not a 64-bit integer");
      }
    }

    /** The boolean of that name, false when missing. See {@link #string}. */
    public boolean bool(String name) throws JsonException {
      return typed(name, Bool.class, "a boolean").map(Bool::value).orElse(false);
    }

    /** The object of that name. See {@link #string}. */
    public Optional<Obj> object(String name) throws JsonException {
      return typed(name, Obj.class, "an object");
    }

    /** The array of that name, empty when missing. See {@link #string}. */
    public List<Json> array(String name) throws JsonException {
      return typed(name, Arr.class, "an array").map(Arr::items).orElse(List.of());
    }

    /** The array of strings of that name, empty when missing. See {@link #string}. */
    public List<String> strings(String name) throws JsonException {
      List<String> out = new ArrayList<>();
      for (Json item : array(name)) {
        if (!(item instanceof Str s)) {
          throw new JsonException("\"" + name + "\" must hold only strings");
        }
        out.add(s.value());
      }
      return List.copyOf(out);
    }

    /**
     * The object of that name read as a map of strings, empty when missing. See {@link #string}.
     */
    public Map<String, String> stringMap(String name) throws JsonException {
      Map<String, String> out = new LinkedHashMap<>();
      Optional<Obj> o = object(name);
      if (o.isPresent()) {
        for (Map.Entry<String, Json> e : o.get().members().entrySet()) {
          if (!(e.getValue() instanceof Str s)) {
            throw new JsonException("\"" + name + "\" must map to strings");
          }
          out.put(e.getKey(), s.value());
        }
      }
      return Collections.unmodifiableMap(out);
    }

    private <T extends Json> Optional<T> typed(String name, Class<T> type, String what)
        throws JsonException {
      Optional<Json> value = get(name);
      if (value.isPresent() && !type.isInstance(value.get())) {
        throw new JsonException("\"" + name + "\" must be " + what);
      }
      return value.map(type::cast);
    }
  }

  /** A value in its text, which somebody else has written; never read, only written again. */
  record Raw(String text) implements Json {}

  /** Builds an object member by member; an absent value adds nothing. */
  final class Builder {
    private final Map<String, Json> members = new LinkedHashMap<>();

    public Builder put(String name, Json value) {
      members.put(name, value);
      return this;
    }

    public Builder put(String name, String value) {
      return put(name, new Str(value));
    }

    public Builder put(String name, long value) {
      return put(name, new Num(value));
    }

    public Builder put(String name, boolean value) {
      return put(name, new Bool(value));
    }

    public Builder put(String name, Optional<? extends Json> value) {
      value.ifPresent(v -> put(name, v));
      return this;
    }

    public Builder putStrings(String name, List<String> values) {
      return put(name, Json.strings(values));
    }

    public Builder putStrings(String name, Map<String, String> values) {
      Builder inner = new Builder();
      values.forEach(inner::put);
      return put(name, inner.build());
    }

    public Obj build() {
      return new Obj(members);
    }
  }

  /** A new object to fill. */
  static Builder object() {
    return new Builder();
  }

  /** An array of strings. */
  static Arr strings(List<String> values) {
    return new Arr(values.stream().map(v -> (Json) new Str(v)).toList());
  }

  /**
   * Parses one document.
   *
   * @param bytes UTF-8; the caller has bounded its size
   * @throws JsonException when it is not exactly one strict JSON value
   */
  static Json parse(byte[] bytes) throws JsonException {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new JsonException("it is not UTF-8");
    }
    if (text.isBlank()) {
      throw new JsonException("empty document");
    }
    JsonReader in = new JsonReader(new StringReader(text));
    in.setStrictness(Strictness.STRICT);
    in.setNestingLimit(MAX_DEPTH);
    try {
      Json value = read(in);
      if (in.peek() != JsonToken.END_DOCUMENT) {
        throw new JsonException("something follows the JSON value");
      }
      return value;
    } catch (JsonException e) {
      throw e;
    } catch (IOException e) {
      throw new JsonException(malformed(e.getMessage()));
    }
  }

  /** {@link #parse} of a document that must be an object. */
  static Obj parseObject(byte[] bytes) throws JsonException {
    if (parse(bytes) instanceof Obj o) {
      return o;
    }
    throw new JsonException("not a JSON object");
  }

  /** This value as compact UTF-8. */
  default byte[] toBytes() {
    return write(false);
  }

  /** This value as UTF-8, indented by two spaces, with a line feed at its end. */
  default byte[] toPrettyBytes() {
    return write(true);
  }

  /** This value as compact text. */
  default String toText() {
    return new String(toBytes(), StandardCharsets.UTF_8);
  }

  private byte[] write(boolean pretty) {
    StringWriter out = new StringWriter();
    JsonWriter json = new JsonWriter(out);
    if (pretty) {
      // As Go writes it, and so Docker.
      json.setFormattingStyle(FormattingStyle.PRETTY.withIndent("    "));
    }
    try {
      write(json, this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return (pretty ? out.append('\n') : out).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void write(JsonWriter json, Json value) throws IOException {
    if (value instanceof Str s) {
      json.value(s.value());
    } else if (value instanceof Num n) {
      json.jsonValue(n.text());
    } else if (value instanceof Bool b) {
      json.value(b.value());
    } else if (value instanceof Arr a) {
      json.beginArray();
      for (Json item : a.items()) {
        write(json, item);
      }
      json.endArray();
    } else if (value instanceof Obj o) {
      json.beginObject();
      for (Map.Entry<String, Json> e : o.members().entrySet()) {
        json.name(e.getKey());
        write(json, e.getValue());
      }
      json.endObject();
    } else if (value instanceof Raw r) {
      json.jsonValue(r.text());
    } else {
      json.nullValue();
    }
  }

  private static Json read(JsonReader in) throws IOException {
    switch (in.peek()) {
      case BEGIN_OBJECT:
        Map<String, Json> members = new LinkedHashMap<>();
        in.beginObject();
        while (in.hasNext()) {
          String name = whole(in.nextName());
          if (members.put(name, read(in)) != null) {
            throw new JsonException(line("duplicate field \"" + name + "\""));
          }
        }
        in.endObject();
        return new Obj(members);
      case BEGIN_ARRAY:
        List<Json> items = new ArrayList<>();
        in.beginArray();
        while (in.hasNext()) {
          items.add(read(in));
        }
        in.endArray();
        return new Arr(items);
      case STRING:
        return new Str(whole(in.nextString()));
      case NUMBER:
        return number(in.nextString());
      case BOOLEAN:
        return new Bool(in.nextBoolean());
      case NULL:
        in.nextNull();
        return new Null();
      default:
        throw new JsonException("unexpected " + in.peek());
    }
  }

  /** A string without half of a surrogate pair, which could not be written again. */
  private static String whole(String text) throws JsonException {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        boolean pair =
            i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
        if (!pair) {
          throw new JsonException("a string has half of a surrogate pair");
        }
        i++;
      }
    }
    return text;
  }

  private static Num number(String text) throws JsonException {
    if (text.length() > MAX_NUMBER) {
      throw new JsonException("a number has more than " + MAX_NUMBER + " characters");
    }
    Num number = new Num(text);
    if (text.indexOf('e') >= 0 || text.indexOf('E') >= 0) {
      try {
        number.value();
      } catch (NumberFormatException e) {
        throw new JsonException("a number's exponent is out of range");
      }
    }
    return number;
  }

  /**
   * What the parser says without its advice to programmers, and without a path as deep as may be.
   */
  private static String malformed(String message) {
    String said =
        message
            .replace(
                "Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON",
                "malformed JSON")
            .replace("Nesting limit " + MAX_DEPTH + " reached", "nesting deeper than " + MAX_DEPTH);
    String line = line(said);
    int path = line.indexOf(" path $");
    return path < 0 ? line : line.substring(0, path);
  }

  /** A message's first line; it quotes the document, and not all that is in there can be shown. */
  private static String line(String message) {
    int end = message.indexOf('\n');
    StringBuilder out = new StringBuilder(end < 0 ? message : message.substring(0, end));
    for (int i = 0; i < out.length(); i++) {
      if (Character.isISOControl(out.charAt(i))) {
        out.setCharAt(i, '?');
      }
    }
    return out.toString();
  }
}

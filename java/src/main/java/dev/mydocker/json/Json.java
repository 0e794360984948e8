package dev.mydocker.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
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

  /** A string. */
  record Str(String value) implements Json {}

  /** A number, kept as it was written. */
  record Num(BigDecimal value) implements Json {}

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
        return n.map(v -> v.value().longValueExact());
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
      return put(name, new Num(BigDecimal.valueOf(value)));
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
    try (JsonParser in = Factory.JSON.createParser(bytes)) {
      if (in.nextToken() == null) {
        throw new JsonException("empty document");
      }
      Json value = read(in);
      if (in.nextToken() != null) {
        throw new JsonException("something follows the JSON value");
      }
      return value;
    } catch (JsonException e) {
      throw e;
    } catch (IOException e) {
      throw new JsonException(line(e.getMessage()));
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
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = Factory.JSON.createGenerator(out)) {
      if (pretty) {
        json.setPrettyPrinter(Factory.pretty());
      }
      write(json, this);
      if (pretty) {
        json.writeRaw('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, Json value) throws IOException {
    if (value instanceof Str s) {
      json.writeString(s.value());
    } else if (value instanceof Num n) {
      json.writeNumber(n.value());
    } else if (value instanceof Bool b) {
      json.writeBoolean(b.value());
    } else if (value instanceof Arr a) {
      json.writeStartArray();
      for (Json item : a.items()) {
        write(json, item);
      }
      json.writeEndArray();
    } else if (value instanceof Obj o) {
      json.writeStartObject();
      for (Map.Entry<String, Json> e : o.members().entrySet()) {
        json.writeFieldName(e.getKey());
        write(json, e.getValue());
      }
      json.writeEndObject();
    } else if (value instanceof Raw r) {
      json.writeRawValue(r.text());
    } else {
      json.writeNull();
    }
  }

  private static Json read(JsonParser in) throws IOException {
    switch (in.currentToken()) {
      case START_OBJECT:
        Map<String, Json> members = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
          String name = whole(in.currentName());
          in.nextToken();
          members.put(name, read(in));
        }
        return new Obj(members);
      case START_ARRAY:
        List<Json> items = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          items.add(read(in));
        }
        return new Arr(items);
      case VALUE_STRING:
        return new Str(whole(in.getText()));
      case VALUE_NUMBER_INT:
      case VALUE_NUMBER_FLOAT:
        return number(in);
      case VALUE_TRUE:
        return new Bool(true);
      case VALUE_FALSE:
        return new Bool(false);
      case VALUE_NULL:
        return new Null();
      default:
        throw new JsonException("unexpected " + in.currentToken());
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

  private static Num number(JsonParser in) throws IOException {
    try {
      return new Num(in.getDecimalValue());
    } catch (NumberFormatException e) {
      throw new JsonException("a number's exponent is out of range");
    }
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

  /** The one configured factory. */
  final class Factory {
    private Factory() {}

    static final JsonFactory JSON =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(JsonReadFeature.ALLOW_TRAILING_COMMA)
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(40)
                    .build())
            .build();

    /** As Go writes it, and so Docker: four spaces, nothing in what is empty. */
    static DefaultPrettyPrinter pretty() {
      DefaultIndenter four = new DefaultIndenter("    ", "\n");
      return new DefaultPrettyPrinter(
              Separators.createDefaultInstance()
                  .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                  .withArrayEmptySeparator("")
                  .withObjectEmptySeparator(""))
          .withArrayIndenter(four)
          .withObjectIndenter(four);
    }
  }
}

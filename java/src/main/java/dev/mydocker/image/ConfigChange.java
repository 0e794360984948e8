package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A change to an image's configuration, written as an instruction of a Dockerfile: {@code ENV
 * PATH=$PATH:/opt/bin}.
 *
 * @param instruction which
 * @param text what follows it, as it was written
 */
public record ConfigChange(Instruction instruction, String text) {

  /** The instructions that change a configuration and nothing else. */
  public enum Instruction {
    CMD,
    ENTRYPOINT,
    ENV,
    EXPOSE,
    HEALTHCHECK,
    LABEL,
    ONBUILD,
    STOPSIGNAL,
    USER,
    VOLUME,
    WORKDIR
  }

  private static final int MAX_PORT = 65535;

  /**
   * The members in the order of the OCI image-spec's Go type: a tool that reads a configuration
   * into it and writes it again then gives the same bytes, and the image keeps its id.
   */
  private static final List<String> ORDER =
      List.of(
          "User",
          "ExposedPorts",
          "Env",
          "Entrypoint",
          "Cmd",
          "Volumes",
          "WorkingDir",
          "Labels",
          "StopSignal");

  /**
   * Parses an instruction.
   *
   * @throws ImageException CONFIGURATION when it is none of these, or says nothing
   */
  public static ConfigChange parse(String line) throws ImageException {
    String stripped = line.strip();
    int end = 0;
    while (end < stripped.length() && !Character.isWhitespace(stripped.charAt(end))) {
      end++;
    }
    String name = stripped.substring(0, end).toUpperCase(Locale.ROOT);
    String text = stripped.substring(end).strip();
    for (Instruction instruction : Instruction.values()) {
      if (instruction.name().equals(name)) {
        if (text.isEmpty()) {
          throw wrong(line, "says nothing after its first word");
        }
        return new ConfigChange(instruction, text);
      }
    }
    throw wrong(
        line,
        "is not CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER,"
            + " VOLUME or WORKDIR with what it sets");
  }

  /**
   * The member "config" of a configuration after these changes.
   *
   * @throws ImageException CONFIGURATION when one means nothing, NOT_AN_IMAGE when {@code config}
   *     is none
   */
  static Json.Obj apply(List<ConfigChange> changes, Optional<Json.Obj> config)
      throws ImageException {
    Draft draft = new Draft(config);
    try {
      for (ConfigChange change : changes) {
        change.apply(draft);
      }
    } catch (JsonException e) {
      throw new ImageException(Kind.NOT_AN_IMAGE, "bad image configuration: " + e.getMessage(), e);
    }
    return draft.inOrder();
  }

  /** A configuration that is being changed. */
  private static final class Draft {
    private final Map<String, Json> members;
    private boolean cmdSet;

    private Draft(Optional<Json.Obj> config) {
      this.members = new LinkedHashMap<>(config.map(Json.Obj::members).orElse(Map.of()));
    }

    private Json.Obj object() {
      return new Json.Obj(members);
    }

    private Json.Obj inOrder() {
      Map<String, Json> out = new LinkedHashMap<>();
      for (String name : ORDER) {
        if (members.containsKey(name)) {
          out.put(name, members.get(name));
        }
      }
      members.forEach(out::putIfAbsent);
      return new Json.Obj(out);
    }

    /** Adds keys to a set, which is an object of empty objects. */
    private void addKeys(String member, List<String> keys) throws JsonException {
      Map<String, Json> set = new TreeMap<>();
      object().object(member).ifPresent(o -> set.putAll(o.members()));
      keys.forEach(key -> set.put(key, Json.object().build()));
      members.put(member, new Json.Obj(set));
    }
  }

  private void apply(Draft draft) throws ImageException, JsonException {
    switch (instruction) {
      case CMD -> {
        draft.members.put("Cmd", command(draft));
        draft.cmdSet = true;
      }
      case ENTRYPOINT -> {
        draft.members.put("Entrypoint", command(draft));
        if (!draft.cmdSet) {
          // The arguments that the image had were those of its own entry point.
          draft.members.remove("Cmd");
        }
      }
      case ENV -> setEnv(draft);
      case LABEL -> setLabels(draft);
      case HEALTHCHECK ->
          draft.members.put("Healthcheck", HealthcheckWords.parse(text, ConfigChange::array));
      case ONBUILD -> {
        List<String> triggers = new ArrayList<>(draft.object().strings("OnBuild"));
        triggers.add(trigger());
        draft.members.put("OnBuild", Json.strings(triggers));
      }
      case EXPOSE -> draft.addKeys("ExposedPorts", ports(draft));
      case VOLUME ->
          draft.addKeys("Volumes", array(text).isPresent() ? array(text).get() : words(draft));
      case USER -> draft.members.put("User", new Json.Str(expand(text, draft)));
      case STOPSIGNAL -> draft.members.put("StopSignal", new Json.Str(signal(draft)));
      case WORKDIR -> {
        String before = draft.object().string("WorkingDir").orElse("");
        draft.members.put("WorkingDir", new Json.Str(absolute(before, expand(text, draft))));
      }
    }
  }

  /** A JSON array, or a line for the shell. */
  private Json command(Draft draft) throws JsonException {
    Optional<List<String>> array = array(text);
    if (array.isPresent()) {
      return Json.strings(array.get());
    }
    List<String> shell = draft.object().strings("Shell");
    List<String> words = new ArrayList<>(shell.isEmpty() ? List.of("/bin/sh", "-c") : shell);
    words.add(text);
    return Json.strings(words);
  }

  /** The text as a JSON array of strings; anything else is no array, as Docker has it. */
  private static Optional<List<String>> array(String text) {
    if (!text.startsWith("[")) {
      return Optional.empty();
    }
    try {
      byte[] wrapped = ("{\"a\":" + text + "}").getBytes(StandardCharsets.UTF_8);
      return Optional.of(Json.parseObject(wrapped).strings("a"));
    } catch (JsonException e) {
      return Optional.empty();
    }
  }

  private void setEnv(Draft draft) throws ImageException, JsonException {
    List<String> env = new ArrayList<>(draft.object().strings("Env"));
    for (Map.Entry<String, String> pair : pairs(draft).entrySet()) {
      String start = pair.getKey() + "=";
      String entry = start + pair.getValue();
      boolean there = false;
      for (int i = 0; i < env.size(); i++) {
        if (env.get(i).startsWith(start)) {
          env.set(i, entry);
          there = true;
        }
      }
      if (!there) {
        env.add(entry);
      }
    }
    draft.members.put("Env", Json.strings(env));
  }

  private void setLabels(Draft draft) throws ImageException, JsonException {
    Map<String, String> labels = new TreeMap<>(draft.object().stringMap("Labels"));
    labels.putAll(pairs(draft));
    Json.Builder out = Json.object();
    labels.forEach(out::put);
    draft.members.put("Labels", out.build());
  }

  /** {@code a=b "c d"=e}, or the older {@code a all the rest}. */
  private Map<String, String> pairs(Draft draft) throws ImageException, JsonException {
    List<String> words = DockerfileWords.split(text);
    Map<String, String> out = new LinkedHashMap<>();
    if (words.get(0).indexOf('=') < 0) {
      String rest = text.substring(words.get(0).length()).strip();
      if (rest.isEmpty()) {
        throw wrong(instruction + " " + text, "sets no value: write NAME=VALUE");
      }
      out.put(expand(words.get(0), draft), expand(rest, draft));
      return out;
    }
    for (String word : words) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? "" : expand(word.substring(0, equals), draft);
      if (name.isEmpty()) {
        throw wrong(instruction + " " + text, "has a word that is not NAME=VALUE");
      }
      out.put(name, expand(word.substring(equals + 1), draft));
    }
    return out;
  }

  private String expand(String word, Draft draft) throws ImageException, JsonException {
    Map<String, String> env = new LinkedHashMap<>();
    for (String entry : draft.object().strings("Env")) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        env.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return DockerfileWords.expand(word, env);
  }

  private List<String> words(Draft draft) throws ImageException, JsonException {
    List<String> out = new ArrayList<>();
    for (String word : DockerfileWords.split(text)) {
      out.add(expand(word, draft));
    }
    return out;
  }

  private List<String> ports(Draft draft) throws ImageException, JsonException {
    List<String> out = new ArrayList<>();
    for (String word : words(draft)) {
      int slash = word.indexOf('/');
      String protocol = slash < 0 ? "tcp" : word.substring(slash + 1).toLowerCase(Locale.ROOT);
      String range = slash < 0 ? word : word.substring(0, slash);
      int dash = range.indexOf('-');
      int first = port(dash < 0 ? range : range.substring(0, dash), word);
      int last = dash < 0 ? first : port(range.substring(dash + 1), word);
      if (last < first || !List.of("tcp", "udp", "sctp").contains(protocol)) {
        throw wrong("EXPOSE " + word, "is no port: write 80, 80/udp or 8000-8010/tcp");
      }
      for (int port = first; port <= last; port++) {
        out.add(port + "/" + protocol);
      }
    }
    return out;
  }

  private static int port(String digits, String word) throws ImageException {
    int port = 0;
    for (int i = 0; i < digits.length() && port <= MAX_PORT; i++) {
      char c = digits.charAt(i);
      port = c < '0' || c > '9' ? MAX_PORT + 1 : port * 10 + (c - '0');
    }
    if (port < 1 || port > MAX_PORT) {
      throw wrong("EXPOSE " + word, "is no port: write 80, 80/udp or 8000-8010/tcp");
    }
    return port;
  }

  /** An instruction for the build of another image, as it was written; it is not run here. */
  private String trigger() throws ImageException {
    String name = text.split("\\s", 2)[0].toUpperCase(Locale.ROOT);
    if (List.of("ONBUILD", "FROM", "MAINTAINER").contains(name)) {
      throw wrong("ONBUILD " + text, "sets off an instruction that cannot be set off");
    }
    return text;
  }

  private String signal(Draft draft) throws ImageException, JsonException {
    String signal = expand(text, draft);
    for (int i = 0; i < signal.length(); i++) {
      char c = signal.charAt(i);
      if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
          && c != '+'
          && c != '-') {
        throw wrong("STOPSIGNAL " + text, "is no signal: write SIGTERM or 15");
      }
    }
    return signal;
  }

  /** A path from the directory before it, without dots. */
  private static String absolute(String before, String path) {
    List<String> out = new ArrayList<>();
    String whole = path.startsWith("/") ? path : before + "/" + path;
    for (String part : whole.split("/")) {
      if (part.equals("..")) {
        if (!out.isEmpty()) {
          out.remove(out.size() - 1);
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        out.add(part);
      }
    }
    return "/" + String.join("/", out);
  }

  private static ImageException wrong(String line, String why) {
    return new ImageException(Kind.CONFIGURATION, ImageException.quote(line) + " " + why);
  }
}

package dev.mydocker.spec;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why each part of a {@link Spec} is there, in half a line: a flag, a field of the image, or a
 * default.
 *
 * <p>Keys: {@code args env cwd user terminal capabilities hostname domainname root.readonly
 * rootfsPropagation seccomp noNewPrivileges apparmor stopSignal init procView}, {@code
 * namespace:TYPE}, {@code mount:DESTINATION}, {@code resource:memory.limit} and its like, {@code
 * rlimit:RLIMIT_NOFILE}, {@code masked:PATH}, {@code readonly:PATH}, {@code device:PATH}, {@code
 * sysctl:NAME}.
 *
 * @param texts by key, in the order of compilation
 */
public record Causes(Map<String, String> texts) {

  public Causes {
    texts = Collections.unmodifiableMap(new LinkedHashMap<>(texts));
  }

  /** The cause of that part, or {@code default} when none is recorded. */
  public String of(String key) {
    return texts.getOrDefault(key, "default");
  }

  /** Gathers causes while a specification is compiled; a key given again is replaced. */
  static final class Collector {
    private final Map<String, String> texts = new LinkedHashMap<>();

    void put(String key, String text) {
      texts.put(key, text);
    }

    void remove(String key) {
      texts.remove(key);
    }

    Causes collected() {
      return new Causes(texts);
    }
  }
}

package dev.mydocker.cli;

import dev.mydocker.image.Platform;
import dev.mydocker.json.Json;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code mydocker version}. */
final class VersionCommand implements Command {

  @Override
  public String synopsis() {
    return "version [OPTIONS]";
  }

  @Override
  public String summary() {
    return "Show the version of mydocker and of what it runs on";
  }

  @Override
  public Flags flags() {
    return new Flags()
        .group("Options")
        .value("TEMPLATE", "Print by a Go template, or json", "-f", "--format");
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker version --format '{{.Version}}'");
  }

  @Override
  public boolean needsNamespace() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    Json.Obj facts =
        Json.object()
            .put("Version", version())
            .put("Java", System.getProperty("java.vm.name") + " " + Runtime.version())
            .put("Kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"))
            .put("Arch", System.getProperty("os.arch"))
            .put("NativeABI", Linux.ABI)
            .build();
    Optional<String> format = arguments.value("--format");
    if (format.isPresent()) {
      session.console().out(Format.parse(format.get()).render(List.of(asDocker(facts)), Map.of()));
      return 0;
    }
    StringBuilder out = new StringBuilder();
    for (Map.Entry<String, Json> fact : facts.members().entrySet()) {
      String value = fact.getValue() instanceof Json.Str s ? s.value() : fact.getValue().toText();
      out.append(fact.getKey()).append(':');
      out.append(" ".repeat(12 - fact.getKey().length())).append(value).append('\n');
    }
    session.console().out(out.toString());
    return 0;
  }

  /** With Docker's two sides, which are one program here. */
  private static Json.Obj asDocker(Json.Obj facts) {
    Json.Obj side =
        Json.object()
            .put("Version", version())
            .put("Os", Platform.host().os())
            .put("Arch", Platform.host().architecture())
            .put("KernelVersion", System.getProperty("os.version"))
            .build();
    Map<String, Json> all = new LinkedHashMap<>(facts.members());
    all.put("Client", side);
    all.put("Server", side);
    return new Json.Obj(all);
  }

  /** The jar's version; {@code development} when the classes are run without one. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}

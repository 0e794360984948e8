package dev.mydocker.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.ParserSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The flags of one command, in groups for its help, and their parser.
 *
 * <p>The grammar is Docker's: {@code -it}, {@code -m256m}, {@code -m=256m}, {@code --rm=false}; a
 * value may look like a flag; the last one of a repeated flag counts.
 */
final class Flags {

  /**
   * One flag as the help shows it.
   *
   * @param names the short name first, where there is one
   * @param parameter what stands for its value, with its separator: {@code " BYTES"}; or empty
   * @param text what it does
   */
  record Flag(List<String> names, String parameter, String text) {}

  static {
    // Every value stays a string here: picocli need not load java.sql and java.time to convert it.
    System.setProperty("picocli.converters.excludes", "java.*");
  }

  /** What may follow a flag. */
  private enum Kind {
    TOGGLE,
    VALUE,
    LIST,
    ATTACHED
  }

  /** A flag and what picocli has to know of it. */
  private record Declared(Flag flag, Kind kind) {}

  private final Map<String, List<Flag>> groups = new LinkedHashMap<>();
  private final List<Declared> declared = new ArrayList<>();
  private List<Flag> group = List.of();
  private String later = "";

  /** Starts a group; what is added next belongs to it. */
  Flags group(String heading) {
    group = new ArrayList<>();
    groups.put(heading, group);
    return this;
  }

  /** A flag that is on or off. */
  Flags toggle(String text, String... names) {
    return add(Kind.TOGGLE, new Flag(List.of(names), "", text));
  }

  /** A flag with one value. */
  Flags value(String parameter, String text, String... names) {
    return add(Kind.VALUE, new Flag(List.of(names), " " + parameter, text));
  }

  /** A flag that may be given several times, each with a value. */
  Flags list(String parameter, String text, String... names) {
    return add(Kind.LIST, new Flag(List.of(names), " " + parameter, text + " (repeatable)"));
  }

  /**
   * A flag whose value, when there is one, is attached: {@code --explain}, {@code --explain=tree}.
   */
  Flags attached(String parameter, String text, String name) {
    return add(Kind.ATTACHED, new Flag(List.of(name), "[=" + parameter + "]", text));
  }

  private Flags add(Kind kind, Flag flag) {
    group.add(flag);
    declared.add(new Declared(flag, kind));
    return this;
  }

  /**
   * Flags that Docker has and this program does not yet: refused with a sentence of their own.
   *
   * @param names each between two spaces
   */
  Flags later(String names) {
    later = names;
    return this;
  }

  /** The groups in their order, by heading. */
  Map<String, List<Flag>> groups() {
    return groups;
  }

  /**
   * Parses a command's arguments.
   *
   * @param interspersed whether flags may follow the first argument that is none; when not, all
   *     that follows it belongs to somebody else
   * @throws UsageException when a flag is unknown, lacks its value, or is on or off and was given
   *     something else
   */
  Parsed parse(List<String> arguments, boolean interspersed) throws UsageException {
    boolean flagsFirst = !arguments.isEmpty() && arguments.get(0).startsWith("-");
    if (!interspersed && !flagsFirst) {
      return new Parsed(List.of(), List.copyOf(arguments));
    }
    CommandSpec spec = spec(arguments);
    spec.interpolateVariables(false);
    spec.parser(
        new ParserSpec()
            .stopAtPositional(!interspersed)
            .allowOptionsAsOptionParameters(true)
            .overwrittenOptionsAllowed(true)
            .expandAtFiles(false)
            .aritySatisfiedByAttachedOptionParam(true));
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build());
    try {
      ParseResult result =
          new CommandLine(spec, new Factory()).parseArgs(arguments.toArray(new String[0]));
      return new Parsed(result.matchedOptions(), rest(result));
    } catch (UnmatchedArgumentException e) {
      throw new UsageException(unknown(e.getUnmatched().get(0)));
    } catch (MissingParameterException e) {
      ArgSpec missing = e.getMissing().isEmpty() ? e.getArgSpec() : e.getMissing().get(0);
      throw new UsageException("flag needs an argument: " + longestName(missing));
    } catch (ParameterException e) {
      if (e.getArgSpec() instanceof OptionSpec option && e.getValue() != null) {
        throw new UsageException(
            "invalid value for "
                + option.longestName()
                + ": "
                + Text.quote(e.getValue())
                + ": it is on or off: write true or false");
      }
      throw new UsageException(firstLine(e.getMessage()));
    }
  }

  /**
   * The flags that these arguments can mean. All of them would cost a run, which has a hundred, ten
   * milliseconds.
   */
  private CommandSpec spec(List<String> arguments) {
    Set<String> written = new HashSet<>();
    boolean letters = false;
    for (String argument : arguments) {
      if (argument.startsWith("--")) {
        int equals = argument.indexOf('=');
        written.add(equals < 0 ? argument : argument.substring(0, equals));
      } else {
        letters |= argument.startsWith("-");
      }
    }
    CommandSpec spec = CommandSpec.wrapWithoutInspection(null, new Factory());
    for (Declared one : declared) {
      for (String name : one.flag.names()) {
        if (name.startsWith("--") ? written.contains(name) : letters) {
          spec.addOption(option(one));
          break;
        }
      }
    }
    return spec;
  }

  private static OptionSpec option(Declared declared) {
    String[] names = declared.flag.names().toArray(new String[0]);
    OptionSpec.Builder option = OptionSpec.builder(names[0], names);
    switch (declared.kind) {
      case TOGGLE:
        return option.type(boolean.class).converters(new GoBoolean()).build();
      case VALUE:
        return option.type(String.class).arity("1").build();
      case LIST:
        return option.type(List.class).auxiliaryTypes(String.class).arity("1").build();
      default:
        return option.type(boolean.class).converters(new Attached()).build();
    }
  }

  private static List<String> rest(ParseResult result) {
    return result.hasMatchedPositional(0)
        ? List.copyOf(result.matchedPositional(0).stringValues())
        : List.of();
  }

  private String unknown(String argument) {
    if (argument.startsWith("--")) {
      int equals = argument.indexOf('=');
      String name = equals < 0 ? argument : argument.substring(0, equals);
      return isLater(name)
          ? "docker's " + name + " is not supported yet"
          : "unknown flag: " + Text.printable(name);
    }
    String letter = argument.length() > 1 ? argument.substring(1, 2) : "";
    if (isLater("-" + letter)) {
      return "docker's -" + letter + " is not supported yet";
    }
    return Text.printable("unknown shorthand flag: '" + letter + "' in " + argument);
  }

  private boolean isLater(String name) {
    return name.indexOf(' ') < 0 && later.contains(" " + name + " ");
  }

  private static String longestName(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    return Text.printable(end < 0 ? message : message.substring(0, end));
  }

  /** A toggle's value as Go's strconv.ParseBool reads it. */
  private static final class GoBoolean implements ITypeConverter<Boolean> {
    @Override
    public Boolean convert(String value) {
      switch (value) {
        case "1", "t", "T", "true", "TRUE", "True":
          return Boolean.TRUE;
        case "0", "f", "F", "false", "FALSE", "False":
          return Boolean.FALSE;
        default:
          throw new TypeConversionException(value);
      }
    }
  }

  /** Makes the lists of repeatable flags; picocli's own looks through the jar for Groovy first. */
  private static final class Factory implements IFactory {
    @Override
    public <K> K create(Class<K> type) {
      return type.cast(new ArrayList<String>());
    }
  }

  /** Keeps what was attached: of a flag that needs no value picocli itself keeps a boolean. */
  private static final class Attached implements ITypeConverter<Boolean> {
    private Optional<String> text = Optional.empty();

    @Override
    public Boolean convert(String value) {
      if (!value.equals("true")) {
        text = Optional.of(value);
      }
      return Boolean.TRUE;
    }
  }

  /** What was given. */
  static final class Parsed {
    private final Map<String, OptionSpec> flags = new HashMap<>();
    private final List<String> arguments;

    private Parsed(List<OptionSpec> flags, List<String> arguments) {
      for (OptionSpec flag : flags) {
        for (String name : flag.names()) {
          this.flags.put(name, flag);
        }
      }
      this.arguments = arguments;
    }

    /** Whether a toggle is on; off when it was not given. */
    boolean on(String name) {
      return value(name).equals(Optional.of("true"));
    }

    /** Whether a toggle is on; {@code fallback} when it was not given. */
    boolean on(String name, boolean fallback) {
      return value(name).isEmpty() ? fallback : on(name);
    }

    /** The value of a flag, the last one when it was repeated; empty when it was not given. */
    Optional<String> value(String name) {
      List<String> values = all(name);
      return values.isEmpty() ? Optional.empty() : Optional.of(values.get(values.size() - 1));
    }

    /** The attached value of a flag, {@code fallback} when it was given without one. */
    Optional<String> attached(String name, String fallback) {
      OptionSpec flag = flags.get(name);
      return flag == null
          ? Optional.empty()
          : Optional.of(((Attached) flag.converters()[0]).text.orElse(fallback));
    }

    /** The values of a repeatable flag, in order. */
    List<String> all(String name) {
      OptionSpec flag = flags.get(name);
      return flag == null ? List.of() : List.copyOf(flag.stringValues());
    }

    /** What is no flag, in order. */
    List<String> arguments() {
      return arguments;
    }
  }
}

package io.sparkappliance;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.EnvironmentPage;
import io.sparkappliance.settings.NoRoleException;
import io.sparkappliance.settings.Settings.LogFormat;
import io.sparkappliance.supervise.Console;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line: {@code spark-appliance launch|gateway|check|health|token|help}. */
@Command(
    name = "spark-appliance",
    description = "Turns this machine into a Spark cluster's node, as environment variables say.",
    subcommands = {
      Main.Launch.class,
      Main.Gateway.class,
      Main.Check.class,
      Main.Health.class,
      Main.Handover.class,
      Main.Token.class,
      Main.Prepare.class,
      Main.Environment.class,
      HelpCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Exit codes: 0 success, or drained; 1 a daemon keeps dying, or what was asked for can't be",
      "had; 2 wrong use of this command, 70 an error of the appliance itself, 78 wrong",
      "configuration, 143 stopped by SIGTERM.",
      "Variables: see the command environment."
    })
public final class Main implements Callable<Integer> {
  /** {@code EX_SOFTWARE} of BSD's {@code sysexits.h}: the fault is ours, not the user's. */
  private static final int INTERNAL_ERROR = 70;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(new World(System.getenv(), out, err), arguments));
  }

  /** Runs one command in the given world; returns its exit code. */
  static int run(World world, String... arguments) {
    CommandLine commandLine = new CommandLine(new Main(), new Commands(world));
    commandLine.setOut(new PrintWriter(world.out(), true, StandardCharsets.UTF_8));
    commandLine.setErr(new PrintWriter(world.err(), true, StandardCharsets.UTF_8));
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> explain(failure, report(world, command.getCommand())));
    return commandLine.execute(arguments);
  }

  /**
   * Where a failure is told. What a container prints is JSON when that was asked for, its last
   * words included; the other commands talk to people.
   */
  private static Consumer<String> report(World world, Object command) {
    return command instanceof Launch && world.logFormat() == LogFormat.JSON
        ? new Console(world.err(), LogFormat.JSON, Clock.systemUTC())::say
        : world.err()::println;
  }

  /** Told without a stack trace when it is the user's to mend. */
  private static int explain(Exception failure, Consumer<String> report) {
    return switch (failure) {
      case ConfigurationException wrong -> {
        report.accept(wrong.getMessage());
        yield ConfigurationException.EXIT_CODE;
      }
      case NoRoleException nothing -> {
        report.accept(HelpTexts.noRole(Version.number()));
        yield ConfigurationException.EXIT_CODE;
      }
      default -> {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        report.accept("An error of the appliance itself; please report it with these lines:");
        report.accept(trace.toString().stripTrailing());
        yield INTERNAL_ERROR;
      }
    };
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** Commands are made with the world they act in. */
  private record Commands(World world) implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      try {
        return type.getDeclaredConstructor(World.class).newInstance(world);
      } catch (NoSuchMethodException takesNoWorld) {
        return CommandLine.defaultFactory().create(type);
      }
    }
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"spark-appliance " + number()};
    }

    /** Of the jar; what runs from classes has none. */
    static String number() {
      return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
          .orElse("unpackaged");
    }
  }

  /** Runs in the world it was made with. */
  abstract static class WorldCommand implements Callable<Integer> {
    final World world;

    WorldCommand(World world) {
      this.world = world;
    }
  }

  @Command(
      name = "launch",
      description = "Start and supervise the roles that variables ask for.",
      mixinStandardHelpOptions = true)
  static final class Launch extends WorldCommand {
    Launch(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      return Launcher.launch(world);
    }
  }

  @Command(
      name = "gateway",
      description = "Run the REST gateway alone; `launch` starts it as a process of its own.",
      mixinStandardHelpOptions = true)
  static final class Gateway extends WorldCommand {
    Gateway(World world) {
      super(world);
    }

    @Override
    public Integer call() throws Exception {
      return Launcher.gateway(world);
    }
  }

  @Command(
      name = "check",
      description =
          "Show the settings in force, where each came from, and the plan; start nothing.",
      mixinStandardHelpOptions = true)
  static final class Check extends WorldCommand {
    Check(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      world.out().print(Launcher.check(world));
      return 0;
    }
  }

  @Command(
      name = "health",
      description = "Ask the node on this machine how it is: exit code 0 when it is ready.",
      mixinStandardHelpOptions = true)
  static final class Health extends WorldCommand {
    Health(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      return Launcher.health(world);
    }
  }

  @Command(
      name = "handover",
      description = "Let another master lead, before maintenance of this node.",
      mixinStandardHelpOptions = true)
  static final class Handover extends WorldCommand {
    Handover(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      return Launcher.handover(world);
    }
  }

  @Command(
      name = "token",
      description = "Let somebody sign in with any browser, and print the token for the gateway.",
      mixinStandardHelpOptions = true,
      footer = HelpTexts.TOKEN)
  static final class Token extends WorldCommand {
    Token(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      return Launcher.token(world);
    }
  }

  @Command(
      name = "prepare",
      description = "Write the configuration for a client of the cluster; start nothing.",
      mixinStandardHelpOptions = true)
  static final class Prepare extends WorldCommand {
    Prepare(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      Launcher.prepare(world);
      return 0;
    }
  }

  @Command(
      name = "environment",
      description = "Print the documentation of all variables as Markdown.",
      mixinStandardHelpOptions = true)
  static final class Environment extends WorldCommand {
    Environment(World world) {
      super(world);
    }

    @Override
    public Integer call() {
      world.out().print(EnvironmentPage.render());
      return 0;
    }
  }
}

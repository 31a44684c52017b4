package io.sparkappliance.cloudformation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.AbstractConstruct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** A template as it is shipped; short forms such as {@code !Ref x} are read as the long ones. */
final class Template {
  private static final Path FOLDER = Path.of("cloudformation");

  private final Map<String, Object> root;

  private Template(Map<String, Object> root) {
    this.root = root;
  }

  /**
   * Reads one.
   *
   * @param name of the file, such as {@code spark.yaml}
   */
  static Template read(String name) {
    try {
      return new Template(new Yaml(new ShortForms()).load(Files.readString(FOLDER.resolve(name))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every template of the folder. */
  static List<Path> all() {
    try (var files = Files.list(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One of the top-level sections by name; empty when there is none. */
  Map<String, Object> section(String name) {
    return Values.map(root.getOrDefault(name, Map.of()));
  }

  private static final class ShortForms extends SafeConstructor {
    ShortForms() {
      super(strict());
      yamlMultiConstructors.put(
          "!",
          new AbstractConstruct() {
            @Override
            public Object construct(Node node) {
              return longForm(node);
            }
          });
    }

    private static LoaderOptions strict() {
      LoaderOptions options = new LoaderOptions();
      options.setAllowDuplicateKeys(false);
      return options;
    }

    private Map<String, Object> longForm(Node node) {
      String name = node.getTag().getValue().substring(1);
      Object value =
          switch (node) {
            case ScalarNode scalar -> constructScalar(scalar);
            case SequenceNode sequence -> constructSequence(sequence);
            case MappingNode mapping -> constructMapping(mapping);
            default -> throw new IllegalArgumentException("no value of a function: " + node);
          };
      return switch (name) {
        case "Ref", "Condition" -> Map.of(name, value);
        case "GetAtt" -> Map.of("Fn::GetAtt", List.of(value.toString().split("\\.", 2)));
        default -> Map.of("Fn::" + name, value);
      };
    }
  }
}

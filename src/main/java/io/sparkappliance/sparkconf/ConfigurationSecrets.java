package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import io.sparkappliance.settings.SecretReference;
import io.sparkappliance.settings.SecretSource;
import io.sparkappliance.settings.SparkSetting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Puts secrets where settings refer to them. A reference counts where it is the whole value, and
 * the setting's name says that its value is a secret ({@link SparkSetting#isSecret}): what else
 * begins like one is left alone.
 */
final class ConfigurationSecrets {
  private final SecretSource secrets;
  private final Problems problems;
  private final List<String> notices;

  /**
   * By the place that people know, which setting has which reference, and where its secret goes.
   */
  private final Map<String, Place> places = new LinkedHashMap<>();

  private record Place(SecretReference reference, Consumer<String> put) {}

  ConfigurationSecrets(SecretSource secrets, Problems problems, List<String> notices) {
    this.secrets = secrets;
    this.problems = problems;
    this.notices = notices;
  }

  /**
   * Asks once for all of them.
   *
   * @param properties of Spark, of all layers; changed
   * @param site as it was read
   * @return the site with its secrets
   */
  HiveSite putInto(SparkProperties properties, HiveSite site) {
    properties
        .asMap()
        .forEach(
            (key, property) ->
                look(
                    key + " (" + property.layer().label() + ")",
                    key,
                    property.value(),
                    secret -> properties.put(property.layer(), key, secret)));
    SortedMap<String, String> completed = new TreeMap<>(site.properties());
    site.properties()
        .forEach(
            (key, value) ->
                look("hive-site.xml, " + key, key, value, secret -> completed.put(key, secret)));
    var answers =
        secrets.resolve(places.values().stream().map(Place::reference).collect(Collectors.toSet()));
    places.forEach((name, place) -> put(name, place, answers.get(place.reference())));
    return new HiveSite(completed);
  }

  private void look(String name, String key, String value, Consumer<String> put) {
    if (!SecretReference.isMeant(value)) {
      return;
    }
    Optional<SecretReference> reference = SecretReference.parse(value);
    if (!SparkSetting.isSecret(key)) {
      reference.ifPresent(
          it ->
              notices.add(
                  name
                      + " is left as it is written, "
                      + it
                      + ": references count where a setting's name says that it is a secret."));
    } else if (reference.isPresent()) {
      places.put(name, new Place(reference.get(), put));
    } else {
      problems.add(
          name,
          "******",
          "it begins like the reference to a secret, and goes on like none",
          "Write ssm:/name, secretsmanager:name or secretsmanager:name#field.");
    }
  }

  private void put(String name, Place place, SecretSource.Answer answer) {
    switch (answer) {
      case SecretSource.Found found -> place.put().accept(found.secret().reveal());
      case SecretSource.Failed failed ->
          problems.add(name, place.reference().toString(), failed.what(), failed.remedy());
      case SecretSource.NotAsked later ->
          notices.add(name + " comes from " + place.reference() + " at start.");
    }
  }
}

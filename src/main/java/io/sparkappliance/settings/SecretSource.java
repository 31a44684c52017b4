package io.sparkappliance.settings;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Finds the secrets that references stand for. */
@FunctionalInterface
public interface SecretSource {
  /** What became of one reference. */
  sealed interface Answer {}

  /**
   * The secret.
   *
   * @param secret without white space around it
   */
  record Found(Secret secret) implements Answer {}

  /**
   * There is none to be had.
   *
   * @param what is wrong, for {@link Problem#accepted}
   * @param remedy what to do about it
   */
  record Failed(String what, String remedy) implements Answer {}

  /** Nobody was asked: this command needs no secret. */
  record NotAsked() implements Answer {}

  /** For commands that start nothing. */
  SecretSource NOT_ASKED = references -> each(references, any -> new NotAsked());

  /** For programs that get all secrets by file. */
  SecretSource NONE =
      references ->
          each(
              references,
              any ->
                  new Failed(
                      "this command looks up no references", "Give the secret itself by a file."));

  /**
   * Answers for all of them; asks nobody when there is none.
   *
   * @param references each once
   * @return an answer for each
   */
  Map<SecretReference, Answer> resolve(Set<SecretReference> references);

  /** Gives each reference an answer of its own. */
  static Map<SecretReference, Answer> each(
      Set<SecretReference> references, Function<SecretReference, Answer> answer) {
    return references.stream().collect(Collectors.toMap(Function.identity(), answer));
  }
}

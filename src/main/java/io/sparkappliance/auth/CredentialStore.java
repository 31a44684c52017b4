package io.sparkappliance.auth;

import io.sparkappliance.settings.ConfigurationException;
import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Problem;
import io.sparkappliance.settings.Secret;
import io.sparkappliance.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The node's secrets: those that were given, else those kept from an earlier start, else new ones.
 * All of them end up in the data volume with mode 0600, because daemons read files, not arguments.
 */
public final class CredentialStore {
  /** File name of the API token below {@link Settings.Paths#secrets()}. */
  public static final String API_TOKEN = "api-token";

  /** File name of the cluster secret. */
  public static final String RPC_SECRET = "rpc-secret";

  private static final String SHOWN = "api-token-is-known";

  private final Path directory;

  /** Keeps the secrets in one directory, normally {@link Settings.Paths#secrets()}. */
  public CredentialStore(Path directory) {
    this.directory = directory;
  }

  /**
   * What is in force, and whether somebody has yet to be told.
   *
   * @param credentials the secrets
   * @param unseen true when the API token was made here and nobody was shown it so far
   */
  public record Loaded(Credentials credentials, boolean unseen) {}

  /**
   * Loads or makes the secrets. A given secret replaces the one that was kept. The cluster secret
   * is made on a single node only: anywhere else a node of its own making would be shut out.
   *
   * @throws ConfigurationException when the directory can't be read or written
   */
  public Loaded load(Settings settings) {
    try {
      Settings.Access access = settings.access();
      boolean known = access.apiToken().isPresent() || Files.exists(directory.resolve(SHOWN));
      return new Loaded(credentials(settings, this::keep), !known);
    } catch (IOException failure) {
      throw unusable(failure);
    }
  }

  /**
   * The secrets for a client of the node, or of its cluster: what is kept stays as it is.
   *
   * @throws ConfigurationException when the directory can't be read
   */
  public Credentials look(Settings settings) {
    try {
      return credentials(settings, this::find);
    } catch (IOException failure) {
      throw unusable(failure);
    }
  }

  /** Where a secret comes from: a given one, or what is kept under its name, or a new one. */
  @FunctionalInterface
  private interface Source {
    Secret secret(String name, Optional<Secret> given) throws IOException;
  }

  private static Credentials credentials(Settings settings, Source source) throws IOException {
    Settings.Access access = settings.access();
    Secret apiToken = source.secret(API_TOKEN, access.apiToken());
    return new Credentials(
        apiToken, access.notebookToken().orElse(apiToken), rpcSecret(settings, source));
  }

  private ConfigurationException unusable(IOException failure) {
    return new ConfigurationException(
        new Problem(
            "SPARK_APPLIANCE_DATA",
            directory.getParent().toString(),
            "must be a directory that user id "
                + System.getProperty("user.name")
                + " can write ("
                + failure.getClass().getSimpleName()
                + ": "
                + failure.getMessage()
                + ")",
            "Mount a volume or a tmpfs there, or give its directory to the user the container"
                + " runs as (chown 185, or the uid of `docker run -u`)."));
  }

  /**
   * Remembers that somebody knows the token: a generated one is printed once.
   *
   * @throws IOException when it can't be written down; the token is then printed again
   */
  public void shown() throws IOException {
    file(SHOWN).write(SHOWN);
  }

  private static Optional<Secret> rpcSecret(Settings settings, Source source) throws IOException {
    Settings.Access access = settings.access();
    if (!access.rpcAuthentication().orElse(true)) {
      return Optional.empty();
    }
    if (access.rpcSecret().isPresent() || settings.isSingleNode()) {
      return Optional.of(source.secret(RPC_SECRET, access.rpcSecret()));
    }
    return Optional.empty();
  }

  private Secret keep(String name, Optional<Secret> given) throws IOException {
    Secret wanted = find(name, given);
    SecretFile file = file(name);
    if (!file.read().equals(Optional.of(wanted.reveal()))) {
      file.write(wanted.reveal());
    }
    return wanted;
  }

  private Secret find(String name, Optional<Secret> given) throws IOException {
    return given.isPresent()
        ? given.get()
        : new Secret(file(name).read().orElseGet(Tokens::generate));
  }

  private SecretFile file(String name) {
    return new SecretFile(directory.resolve(name));
  }
}

package io.sparkappliance.daemon;

import io.sparkappliance.settings.Credentials;
import io.sparkappliance.settings.Settings;
import io.sparkappliance.sparkconf.NodeConfiguration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Jupyter's configuration. The token stands in a file, for a command line and an environment can be
 * read by others and by kernels.
 */
public final class NotebookConfiguration {
  private NotebookConfiguration() {}

  /**
   * Content of {@code jupyter_server_config.json} in the notebook's directory; holds a secret, as
   * do pages that Jupyter writes beside it with the mode its umask gives: the directory has to be
   * its owner's.
   */
  public static Map<String, Object> of(
      Settings settings, Credentials credentials, NodeConfiguration node) {
    Map<String, Object> server = new LinkedHashMap<>();
    server.put("ip", node.bindHost());
    server.put("port", node.ports().notebook());
    // The published port is the configured one: never take the next when it is busy.
    server.put("port_retries", 0);
    server.put("open_browser", false);
    server.put("root_dir", settings.paths().data().resolve("notebooks").toString());
    // Container users have no password; a terminal is a shell as the container's user, as a kernel
    // is.
    server.put("allow_root", true);
    Map<String, Object> configuration = new LinkedHashMap<>();
    configuration.put("ServerApp", server);
    configuration.put("IdentityProvider", Map.of("token", credentials.notebookToken().reveal()));
    return configuration;
  }
}

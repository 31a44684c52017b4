package io.sparkappliance.settings;

import java.util.Optional;

/**
 * The secrets in force on this node, given or generated.
 *
 * @param apiToken guards the gateway, JDBC and Spark Connect
 * @param notebookToken guards JupyterLab
 * @param rpcSecret the cluster secret of Spark's RPC authentication; empty: authentication is off
 */
public record Credentials(Secret apiToken, Secret notebookToken, Optional<Secret> rpcSecret) {}

package io.sparkappliance.settings;

import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS to ZooKeeper, and between the servers this appliance runs. Files are PEM, PKCS12 or JKS, as
 * their names end.
 *
 * @param keyStore {@code ZOOKEEPER_TLS_KEYSTORE_FILE}: this node's key and certificates
 * @param keyStorePassword {@code ZOOKEEPER_TLS_KEYSTORE_PASSWORD}
 * @param trustStore {@code ZOOKEEPER_TLS_TRUSTSTORE_FILE}; empty: what Java trusts
 * @param trustStorePassword {@code ZOOKEEPER_TLS_TRUSTSTORE_PASSWORD}
 * @param needClientAuth {@code ZOOKEEPER_TLS_NEED_CLIENT_AUTH}: whether a server of this node asks
 *     its clients for a certificate
 */
public record ZooKeeperTls(
    Optional<Path> keyStore,
    Optional<Secret> keyStorePassword,
    Optional<Path> trustStore,
    Optional<Secret> trustStorePassword,
    boolean needClientAuth) {}

/** Tokens: where they are kept and how they are compared; login and TLS at ZooKeeper. */
package io.sparkappliance.auth;

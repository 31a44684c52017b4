/** Tokens: where they are kept and how they are compared; the login at ZooKeeper. */
package io.sparkappliance.auth;

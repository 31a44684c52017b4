/** Tokens: where they are kept and how they are compared. */
package io.sparkappliance.auth;

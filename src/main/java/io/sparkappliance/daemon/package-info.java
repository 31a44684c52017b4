/**
 * Roles as data: which process serves them, how it is started, and how to tell that it is ready.
 */
package io.sparkappliance.daemon;

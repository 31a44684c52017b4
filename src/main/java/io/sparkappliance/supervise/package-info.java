/** Starts daemons, watches them, restarts them, stops them, and tells how they are. */
package io.sparkappliance.supervise;

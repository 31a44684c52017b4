/**
 * Values in, no I/O: the catalogue of environment variables, their parsers, and the {@link
 * io.sparkappliance.settings.Settings} that everything else is given.
 */
package io.sparkappliance.settings;

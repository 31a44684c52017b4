/** Brings files from where users keep them, and writes files so that nobody sees half of one. */
package io.sparkappliance.storage;

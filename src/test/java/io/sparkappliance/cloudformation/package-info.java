/**
 * What the templates for AWS promise: as text, as scripts that run, and as stacks on a fake AWS.
 */
package io.sparkappliance.cloudformation;

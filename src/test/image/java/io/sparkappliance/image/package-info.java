/**
 * Tests of the image as its users see it: containers started by the docker command, spoken to
 * through published ports or from other containers.
 */
package io.sparkappliance.image;

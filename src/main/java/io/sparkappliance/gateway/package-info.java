/** The REST gateway: thin handlers over jobs and the cluster. */
package io.sparkappliance.gateway;

/** Durable jobs: SQL scripts and applications that outlive the request that brought them. */
package io.sparkappliance.jobs;

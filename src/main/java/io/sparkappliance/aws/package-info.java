/**
 * What the appliance asks of AWS besides S3: the instance's metadata, and signed requests with the
 * role's credentials. Nothing here is called off AWS.
 */
package io.sparkappliance.aws;

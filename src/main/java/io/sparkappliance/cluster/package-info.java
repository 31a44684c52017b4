/** Who is there: this node's own address, the masters it knows, and which of them leads. */
package io.sparkappliance.cluster;

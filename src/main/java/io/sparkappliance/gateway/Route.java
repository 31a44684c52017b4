package io.sparkappliance.gateway;

import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

/**
 * A call.
 *
 * @param method GET, POST or DELETE; HEAD and OPTIONS come by themselves
 * @param path with its parameters in braces
 * @param handler what answers it
 */
record Route(HandlerType method, String path, Handler handler) {}

package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.sparkappliance.auth.Principal;
import io.sparkappliance.jobs.NamedSessions;
import io.sparkappliance.jobs.SessionInfo;
import io.sparkappliance.jobs.SqlRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The calls below {@code /api/v1/sessions}: SQL sessions that outlive a job. */
final class SessionRoutes {
  private static final String SESSIONS = "/api/v1/sessions";

  private final Guard guard;
  private final NamedSessions sessions;

  SessionRoutes(Guard guard, NamedSessions sessions) {
    this.guard = guard;
    this.sessions = sessions;
  }

  /** All of them. */
  List<Route> routes() {
    return List.of(
        guard.reads(SESSIONS, this::list),
        guard.changes(HandlerType.POST, SESSIONS, this::create),
        guard.changes(HandlerType.DELETE, SESSIONS + "/{name}", this::delete));
  }

  /** The same sign-out, which closes the sessions of whoever leaves. */
  Handler closing(Handler signOut) {
    return context -> {
      Optional<String> name = Guard.principal(context).map(Principal::name);
      signOut.handle(context);
      if (context.status().isSuccess()) {
        name.ifPresent(sessions::deleteAll);
      }
    };
  }

  private void list(Context context) {
    new QueryString(context).finish();
    ObjectNode json = Answers.object();
    ArrayNode all = json.putArray("sessions");
    sessions.of(Guard.owner(context)).forEach(session -> all.add(view(session)));
    Answers.json(context, 200, json);
  }

  private void create(Context context) throws IOException {
    JsonBody body = JsonBody.read(context);
    String name = body.requiredText("name");
    var settings = SqlRequest.settings(body.object("settings"));
    body.finish();
    SessionInfo session = sessions.create(Guard.owner(context), name, settings);
    context.header("Location", SESSIONS + "/" + session.name());
    Answers.json(context, 201, view(session));
  }

  private void delete(Context context) {
    if (sessions.delete(Guard.owner(context), context.pathParam("name"))) {
      context.status(204);
    } else {
      Answers.error(context, 404, "You have no session of this name.");
    }
  }

  private static ObjectNode view(SessionInfo session) {
    return Answers.object()
        .put("name", session.name())
        .put("owner", session.owner())
        .put("created_at", session.created().toString())
        .put("last_used_at", session.lastUsed().toString())
        .put("busy", session.busy());
  }
}

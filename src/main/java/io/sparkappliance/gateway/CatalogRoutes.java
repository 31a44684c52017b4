package io.sparkappliance.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import io.sparkappliance.jobs.SqlCatalog;
import java.util.List;

/** The calls below {@code /api/v1/catalogs}: what tables there are. */
final class CatalogRoutes {
  private static final String CATALOGS = "/api/v1/catalogs";
  private static final String SCHEMAS = CATALOGS + "/{catalog}/schemas";
  private static final String TABLES = SCHEMAS + "/{schema}/tables";

  private final Guard guard;
  private final SqlCatalog catalog;

  CatalogRoutes(Guard guard, SqlCatalog catalog) {
    this.guard = guard;
    this.catalog = catalog;
  }

  /** All of them. */
  List<Route> routes() {
    return List.of(
        guard.reads(CATALOGS, this::catalogs),
        guard.reads(SCHEMAS, this::schemas),
        guard.reads(TABLES, this::tables),
        guard.reads(TABLES + "/{table}", this::columns));
  }

  private void catalogs(Context context) {
    names(context, "catalogs", catalog.catalogs());
  }

  private void schemas(Context context) {
    names(context, "schemas", catalog.schemas(context.pathParam("catalog")));
  }

  private static void names(Context context, String field, List<String> names) {
    ObjectNode json = Answers.object();
    ArrayNode all = json.putArray(field);
    names.forEach(all::add);
    Answers.json(context, 200, json);
  }

  private void tables(Context context) {
    ObjectNode json = Answers.object();
    ArrayNode all = json.putArray("tables");
    catalog
        .tables(context.pathParam("catalog"), context.pathParam("schema"))
        .forEach(
            table ->
                all.addObject()
                    .put("name", table.name())
                    .put("kind", table.view() ? "view" : "table"));
    Answers.json(context, 200, json);
  }

  private void columns(Context context) {
    ObjectNode json = Answers.object();
    ArrayNode all = json.putArray("columns");
    catalog
        .columns(
            context.pathParam("catalog"), context.pathParam("schema"), context.pathParam("table"))
        .forEach(
            column -> {
              ObjectNode one = all.addObject();
              one.put("name", column.name()).put("type", column.type());
              column.comment().ifPresent(comment -> one.put("comment", comment));
            });
    Answers.json(context, 200, json);
  }
}

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { api, explain } from "./api.js";
import type { KnownTables } from "./editor.js";
import { useLoaded } from "./hooks.js";
import { Problem, Waiting } from "./parts.js";

interface Branch {
  name: string;
  kind?: string;
}

/** A name that a part of the tree opens under; what is below is loaded when it first opens. */
function Node({ label, note, children, onInsert }: { label: string; note?: string; children: () => ComponentChildren; onInsert?: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <li class="node">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary class={onInsert === undefined ? "" : "beside-button"}>
          {label} {note !== undefined && <span class="quiet">{note}</span>}
        </summary>
        {open && children()}
      </details>
      {onInsert !== undefined && (
        <button type="button" class="small insert" onClick={onInsert} aria-label={`Insert ${label} into the editor`}>
          Insert
        </button>
      )}
    </li>
  );
}

function Level({ load, inputs, empty, draw }: { load: () => Promise<Branch[]>; inputs: string[]; empty: string; draw: (branch: Branch) => ComponentChildren }) {
  const { value, problem, reload } = useLoaded(load, inputs);
  if (problem !== undefined) {
    return (
      <Problem>
        {problem}{" "}
        <button type="button" class="small" onClick={reload}>
          Try again
        </button>
      </Problem>
    );
  }
  if (value === undefined) {
    return <Waiting />;
  }
  return value.length === 0 ? <p class="quiet">{empty}</p> : <ul class="tree">{value.map(draw)}</ul>;
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** Catalogs, their schemas, tables and columns. */
export function SchemaBrowser({ onInsert, onKnown }: { onInsert: (name: string) => void; onKnown: (tables: KnownTables) => void }) {
  const columnsOf = async (catalog: string, schema: string, table: string): Promise<Branch[]> => {
    try {
      const columns = await api.columns(catalog, schema, table);
      onKnown({ [table]: columns.map((column) => column.name) });
      return columns.map((column) => ({
        name: column.name,
        kind: `${column.type}${column.nullable === false ? ", never null" : ""}${column.comment === undefined ? "" : ` – ${column.comment}`}`,
      }));
    } catch (problem) {
      throw new Error(explain(problem));
    }
  };
  const names = (list: string[]): Branch[] => list.map((name) => ({ name }));
  return (
    <nav class="schema" aria-label="Catalogs, schemas and tables">
      <h2>Tables</h2>
      <Level
        load={async () => names(await api.catalogs())}
        inputs={[]}
        empty="There is no catalog."
        draw={({ name: catalog }) => (
          <Node key={catalog} label={catalog} note="catalog">
            {() => (
              <Level
                load={async () => names(await api.schemas(catalog))}
                inputs={[catalog]}
                empty="There is no schema here."
                draw={({ name: schema }) => (
                  <Node key={schema} label={schema} note="schema">
                    {() => (
                      <Level
                        load={async () => {
                          const tables = await api.tables(catalog, schema);
                          onKnown(Object.fromEntries(tables.map((table) => [table.name, []])));
                          return tables;
                        }}
                        inputs={[catalog, schema]}
                        empty="There is no table here."
                        draw={({ name: table, kind }) => (
                          <Node key={table} label={table} {...(kind === undefined ? {} : { note: kind.toLowerCase() })} onInsert={() => onInsert([catalog, schema, table].map(quoted).join("."))}>
                            {() => (
                              <Level
                                load={() => columnsOf(catalog, schema, table)}
                                inputs={[catalog, schema, table]}
                                empty="It has no columns."
                                draw={({ name, kind: type }) => (
                                  <li key={name} class="column">
                                    <button type="button" class="plain" onClick={() => onInsert(quoted(name))} aria-label={`Insert the column ${name}`}>
                                      {name}
                                    </button>{" "}
                                    <span class="quiet">{type}</span>
                                  </li>
                                )}
                              />
                            )}
                          </Node>
                        )}
                      />
                    )}
                  </Node>
                )}
              />
            )}
          </Node>
        )}
      />
    </nav>
  );
}

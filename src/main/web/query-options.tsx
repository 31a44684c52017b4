import { useState } from "preact/hooks";
import { ApiError, api, exactNumbers, explain, type FieldProblem, type Parameter, type Query } from "./api.js";
import { Field, FieldProblems, fieldId, MOST_ATTEMPTS, MOST_SECONDS, pairs, WEBHOOK, WebhookField, wholeNumber } from "./forms.js";
import { plural } from "./format.js";
import { useLoaded } from "./hooks.js";
import { Moment, Problem } from "./parts.js";

const TYPES = ["text", "number", "boolean", "date", "timestamp", "null", "json"] as const;
type Type = (typeof TYPES)[number];
const TYPE_LABELS: Readonly<Record<Type, string>> = {
  text: "Text",
  number: "Number",
  boolean: "True or false",
  date: "Date",
  timestamp: "Timestamp",
  null: "Null",
  json: "JSON",
};
const EXAMPLES: Readonly<Record<Type, string>> = {
  text: "",
  number: "42",
  boolean: "true",
  date: "2026-01-31",
  timestamp: "2026-01-31 12:00:00",
  null: "",
  json: '["UA", "DL"]',
};

/** A value for a marker, as it is written in the form. */
interface ParameterRow {
  name: string;
  type: Type;
  value: string;
}

/** What goes with a script, as it is written in the form. */
export interface QueryOptions {
  parameters: ParameterRow[];
  /** Empty: one of the query's own. */
  session: string;
  settings: string;
  name: string;
  timeLimit: string;
  attempts: string;
  webhook: string;
}

export const NO_OPTIONS: QueryOptions = { parameters: [], session: "", settings: "", name: "", timeLimit: "", attempts: "", webhook: "" };

/** What fields of a query are called; those of parameters come from the form. */
export function optionLabels(options: QueryOptions): Record<string, string> {
  const labels: Record<string, string> = {
    session: "Session",
    settings: "Spark settings",
    name: "Name",
    time_limit_seconds: "Time limit in seconds",
    max_attempts: "Attempts at most",
    webhook: WEBHOOK,
  };
  for (const { name } of options.parameters) {
    labels[`params.${name}`] = `Parameter ${name}`;
  }
  if (options.parameters.length > 0) {
    labels["params"] = "Parameters";
  }
  return labels;
}

function parameter({ name, type, value }: ParameterRow, problems: FieldProblem[]): Parameter {
  const wrong = (reason: string) => {
    problems.push({ field: `params.${name}`, reason });
    return null;
  };
  const text = value.trim();
  switch (type) {
    case "text":
      return value;
    case "number":
      if (!/^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
        return wrong("is no number; write one such as 42 or 1.5");
      }
      if (!Number.isFinite(Number(text))) {
        return wrong("is larger than any number that can be sent");
      }
      // What a number of this language can't hold goes as text.
      if (text.replace(/e.*$|\D/gi, "").length > 38) {
        return wrong("has more than the 38 digits of the longest decimal");
      }
      if (/^-?\d*\.?\d*$/.test(text) && text.replace(/\D/g, "").length > 15) {
        return { type: `decimal(38,${(text.split(".")[1] ?? "").length})`, value: text };
      }
      return Number(text);
    case "boolean":
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : wrong("must be true or false");
    case "date":
    case "timestamp":
      return text === "" ? wrong(`is missing; write one such as ${EXAMPLES[type]}`) : { type, value: text };
    case "null":
      return null;
    case "json":
      try {
        const parsed = JSON.parse(text) as Parameter;
        return exactNumbers(text) === text
          ? parsed
          : wrong('has a number of more digits than can be sent; write {"type": "decimal(38,0)", "value": "…"}');
      } catch {
        return wrong('is no JSON; write an array, or {"type": "decimal(10,2)", "value": "1.50"}');
      }
  }
}

/** What the gateway is to be told beside the script; what can't be sent becomes a problem. */
export function read(options: QueryOptions, problems: FieldProblem[]): Omit<Query, "sql"> {
  const query: Omit<Query, "sql"> = {};
  const params: Record<string, Parameter> = {};
  for (const row of options.parameters) {
    if (!/^[A-Za-z_]\w*$/.test(row.name)) {
      problems.push({ field: "params", reason: row.name === "" ? "a name is missing" : `“${row.name}” is no name: letters, digits and underscores only` });
    } else if (Object.hasOwn(params, row.name)) {
      problems.push({ field: "params", reason: `has ${row.name} twice` });
    } else {
      params[row.name] = parameter(row, problems);
    }
  }
  if (options.parameters.length > 0) {
    query.params = params;
  }
  const settings = pairs(options.settings, "settings", problems);
  if (Object.keys(settings).length > 0) {
    query.settings = settings;
  }
  if (options.session !== "") {
    query.session = options.session;
  }
  if (options.name.trim() !== "") {
    query.name = options.name.trim();
  }
  const limit = wholeNumber(options.timeLimit, "time_limit_seconds", MOST_SECONDS, problems);
  if (limit !== undefined) {
    query.time_limit_seconds = limit;
  }
  const attempts = wholeNumber(options.attempts, "max_attempts", MOST_ATTEMPTS, problems);
  if (attempts !== undefined) {
    query.max_attempts = attempts;
  }
  if (options.webhook.trim() !== "") {
    query.webhook = options.webhook.trim();
  }
  return query;
}

/** Those values for which a script has markers; what looks like one may stand in a text. */
export function used(params: Record<string, Parameter>, sql: string): Record<string, Parameter> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => new RegExp(`(?<![:\\w]):${name}(?!\\w)`).test(sql)));
}

/** The first marker of a script that has no value yet. */
function nextMarker(sql: string, known: readonly ParameterRow[]): string {
  const plain = sql.slice(0, 100_000).replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|--[^\n]*|\/\*[^]*?\*\//g, " ");
  const names = [...plain.matchAll(/(?<![:\w]):([A-Za-z_]\w*)/g)].map((found) => found[1] ?? "");
  return names.find((name) => !known.some((row) => row.name === name)) ?? "";
}

function summary(options: QueryOptions): string {
  const settings = options.settings.split("\n").filter((line) => line.trim() !== "").length;
  return [
    ...(options.session === "" ? [] : [`session ${options.session}`]),
    ...(options.parameters.length === 0 ? [] : [plural(options.parameters.length, "parameter", "parameters")]),
    ...(settings === 0 ? [] : [plural(settings, "setting", "settings")]),
    ...(options.name.trim() === "" ? [] : [`called ${options.name.trim()}`]),
    ...(options.timeLimit.trim() === "" ? [] : [`${options.timeLimit} s at most`]),
    ...(options.attempts.trim() === "" ? [] : [`${options.attempts} attempts`]),
    // Not the address: it may be a secret.
    ...(options.webhook.trim() === "" ? [] : ["a webhook"]),
  ].join(", ");
}

interface Parts {
  options: QueryOptions;
  problems: readonly FieldProblem[];
  change: (changed: Partial<QueryOptions>) => void;
}

function Parameters({ options, problems, change, sql }: Parts & { sql: () => string }) {
  const rows = options.parameters;
  const replace = (at: number, changed: Partial<ParameterRow>) =>
    change({ parameters: rows.map((row, number) => (number === at ? { ...row, ...changed } : row)) });
  const own = problems.filter((problem) => problem.field === "params").map((problem) => problem.reason);
  return (
    <fieldset id={fieldId("params")} tabIndex={-1} {...(own.length === 0 ? {} : { "aria-describedby": "params-problems" })}>
      <legend>Parameters</legend>
      <p class="quiet help">A marker such as :carrier in the script takes the value of the parameter carrier. Spark binds it; it never becomes SQL.</p>
      <FieldProblems id="params-problems" reasons={own} />
      {rows.map((row, at) => {
        const wrong = problems.filter((problem) => row.name !== "" && problem.field === `params.${row.name}`).map((problem) => problem.reason);
        const called = row.name === "" ? `parameter ${at + 1}` : `parameter ${row.name}`;
        const isFirst = row.name !== "" && rows.findIndex((each) => each.name === row.name) === at;
        return (
          <div key={at} class={wrong.length === 0 ? "parameter" : "parameter wrong"} role="group" aria-label={called}>
            <label>
              Name <input value={row.name} spellcheck={false} onInput={(event) => replace(at, { name: event.currentTarget.value.trim() })} />
            </label>
            <label>
              Type{" "}
              <select value={row.type} onChange={(event) => replace(at, { type: event.currentTarget.value as Type })}>
                {TYPES.map((type) => (
                  <option key={type} value={type}>
                    {TYPE_LABELS[type]}
                  </option>
                ))}
              </select>
            </label>
            <label>
              Value{" "}
              <input
                id={fieldId(isFirst ? `params.${row.name}` : `parameter-${at}`)}
                value={row.type === "null" ? "" : row.value}
                placeholder={EXAMPLES[row.type]}
                disabled={row.type === "null"}
                spellcheck={false}
                {...(wrong.length === 0 ? {} : { "aria-invalid": "true", "aria-describedby": `params-${at}-problems` })}
                onInput={(event) => replace(at, { value: event.currentTarget.value })}
              />
            </label>
            <button type="button" aria-label={`Remove ${called}`} onClick={() => change({ parameters: rows.filter((_, number) => number !== at) })}>
              Remove
            </button>
            <FieldProblems id={`params-${at}-problems`} reasons={wrong} />
          </div>
        );
      })}
      <button type="button" onClick={() => change({ parameters: [...rows, { name: nextMarker(sql(), rows), type: "text", value: "" }] })}>
        Add a parameter
      </button>
    </fieldset>
  );
}

function Sessions({ options, problems, change, changed }: Parts & { changed: number }) {
  const { value, problem, reload } = useLoaded(api.sessions, [changed], 15);
  const [name, setName] = useState("");
  const [trouble, setTrouble] = useState<string>();
  const [told, setTold] = useState("");
  const attempt = (work: () => Promise<string>) => {
    setTrouble(undefined);
    setTold("");
    work().then(
      (done) => {
        setTold(done);
        reload();
      },
      (failed: unknown) => {
        const first = failed instanceof ApiError ? failed.problems[0] : undefined;
        setTrouble(first === undefined ? explain(failed) : `${first.field}: ${first.reason}`);
      },
    );
  };
  const begin = () => {
    const wrong: FieldProblem[] = [];
    const settings = pairs(options.settings, "settings", wrong);
    if (wrong[0] !== undefined || name.trim() === "") {
      setTrouble(wrong[0] === undefined ? "The new session needs a name." : `Spark settings: ${wrong[0].reason}`);
      return;
    }
    attempt(async () => {
      const session = await api.beginSession(name.trim(), settings);
      setName("");
      change({ session: session.name });
      return `The session ${session.name} has begun.`;
    });
  };
  const end = (ended: string) =>
    attempt(async () => {
      await api.endSession(ended);
      if (options.session === ended) {
        change({ session: "" });
      }
      return `The session ${ended} has ended.`;
    });
  const listed = value ?? [];
  const gone = options.session !== "" && value !== undefined && !listed.some((session) => session.name === options.session);
  const own = problems.filter((each) => each.field === "session").map((each) => each.reason);
  const radio = (session: string, label: string) => (
    <label>
      <input type="radio" name="session" checked={options.session === session} onChange={() => change({ session })} /> {label}
    </label>
  );
  return (
    <fieldset id={fieldId("session")} tabIndex={-1} {...(own.length === 0 ? {} : { "aria-describedby": "session-problems" })}>
      <legend>Session</legend>
      <p class="quiet help">A named session keeps settings, variables, temporary views and the current database from one query to the next.</p>
      <FieldProblems id="session-problems" reasons={own} />
      <div class="line-of-choice">{radio("", "One for this query alone")}</div>
      {listed.map((session) => (
        <div class="line-of-choice" key={session.name}>
          {radio(session.name, session.name)}
          <span class="quiet">
            {session.busy ? "busy" : <>used <Moment at={session.last_used_at} /></>}
          </span>
          <button type="button" class="small" aria-label={`End the session ${session.name}`} disabled={session.busy} onClick={() => end(session.name)}>
            End
          </button>
        </div>
      ))}
      {gone && (
        <div class="line-of-choice">
          {radio(options.session, options.session)}
          <span class="quiet">has ended; the next query begins it anew</span>
        </div>
      )}
      <div class="tools">
        <label>
          New session{" "}
          <input
            value={name}
            spellcheck={false}
            placeholder="work"
            onInput={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") {
                event.preventDefault();
                begin();
              }
            }}
          />
        </label>
        <button type="button" onClick={begin}>
          Begin it with the settings
        </button>
        <span role="status">{told}</span>
      </div>
      {(trouble ?? problem) !== undefined && <Problem>{trouble ?? problem}</Problem>}
    </fieldset>
  );
}

/** What goes with a script: values, a session, settings and limits. */
export function QueryOptionsForm({ options, problems, change, sql, changed, webhooks }: Parts & { sql: () => string; changed: number; webhooks: boolean }) {
  const [open, setOpen] = useState(false);
  const told = summary(options);
  return (
    <details class="options" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Parameters, session, settings and limits{told !== "" && <span class="quiet"> – {told}</span>}</summary>
      <div class="form">
        <Parameters options={options} problems={problems} change={change} sql={sql} />
        {open && <Sessions options={options} problems={problems} change={change} changed={changed} />}
        <Field name="settings" label="Spark settings, name=value, one a line" problems={problems}>
          {(attributes) => (
            <textarea
              rows={2}
              spellcheck={false}
              placeholder="spark.sql.shuffle.partitions=8"
              value={options.settings}
              onInput={(event) => change({ settings: event.currentTarget.value })}
              {...attributes}
            />
          )}
        </Field>
        <div class="beside">
          <Field name="name" label="Name" problems={problems}>
            {(attributes) => <input value={options.name} onInput={(event) => change({ name: event.currentTarget.value })} {...attributes} />}
          </Field>
          <Field name="time_limit_seconds" label="Time limit in seconds" problems={problems}>
            {(attributes) => (
              <input inputMode="numeric" placeholder="none" value={options.timeLimit} onInput={(event) => change({ timeLimit: event.currentTarget.value })} {...attributes} />
            )}
          </Field>
          <Field name="max_attempts" label="Attempts at most" problems={problems}>
            {(attributes) => (
              <input inputMode="numeric" placeholder="1" value={options.attempts} onInput={(event) => change({ attempts: event.currentTarget.value })} {...attributes} />
            )}
          </Field>
        </div>
        {webhooks && (
          <WebhookField problems={problems}>
            {(attributes) => <input value={options.webhook} onInput={(event) => change({ webhook: event.currentTarget.value })} {...attributes} />}
          </WebhookField>
        )}
      </div>
    </details>
  );
}

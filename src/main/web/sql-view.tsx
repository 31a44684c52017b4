import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api, explain, isOver, lacksResults, type FieldProblem, type Job, type Query } from "./api.js";
import { Editor, type EditorHandle, type KnownTables } from "./editor.js";
import { Summary } from "./forms.js";
import { duration, secondsBetween } from "./format.js";
import { useLoaded } from "./hooks.js";
import { Failure, Heading, JobProgress, Moment, Problem, State, Waiting } from "./parts.js";
import { NO_OPTIONS, optionLabels, QueryOptionsForm, read, used, type QueryOptions } from "./query-options.js";
import { Results } from "./results.js";
import { SchemaBrowser } from "./schema.js";

const DRAFT = "spark-appliance.sql";
const OPTIONS = "spark-appliance.sql-options";
const LONGEST_NAME = 60;
const FIRST_DRAFT = "-- Control and Enter runs the script, or what is selected of it.\nselect 42 as answer;\n";

/** What was written beside the draft, without what has no field any more. */
function storedOptions(webhooks: boolean): QueryOptions {
  const stored = sessionStorage.getItem(OPTIONS);
  return stored === null ? NO_OPTIONS : { ...NO_OPTIONS, ...(JSON.parse(stored) as Partial<QueryOptions>), ...(webhooks ? {} : { webhook: "" }) };
}

/** How a script is called in lists when nobody gave it a name: by what it begins with. */
function nameOf(sql: string): string | undefined {
  const plain = sql
    .slice(0, 10_000)
    .replace(/^(\s|--[^\n]*(\n|$)|\/\*[^]*?\*\/)+/, "")
    .replace(/\s+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "");
  const letters = [...plain.trim()];
  const beginning = letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join("")}…` : letters.join("");
  return beginning === "" ? undefined : beginning;
}

/** Asks for a job until it is over: often at first, so that a quick query feels quick. */
async function watch(id: string, told: (job: Job) => void, signal: AbortSignal): Promise<void> {
  let pause = 200;
  while (!signal.aborted) {
    try {
      const job = await api.job(id, signal);
      told(job);
      if (isOver(job.state) && !lacksResults(job)) {
        return;
      }
    } catch (problem) {
      const passing = problem instanceof ApiError && (problem.status === 0 || problem.status === 429 || problem.status >= 500);
      if (signal.aborted || !passing) {
        throw problem;
      }
    }
    await new Promise((go) => setTimeout(go, pause));
    pause = Math.min(pause * 1.5, 2000);
  }
}

function History({ changed, onOpen }: { changed: number; onOpen: (job: Job) => void }) {
  const { value, problem } = useLoaded(() => api.jobs({ kind: "sql", limit: 20 }), [changed]);
  return (
    <section class="history" aria-label="History">
      <h2>History</h2>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {value === undefined && problem === undefined && <Waiting />}
      {value !== undefined && value.jobs.length === 0 && <p class="quiet">What you run shows up here.</p>}
      <ul class="plain-list">
        {value?.jobs.map((job) => (
          <li key={job.id}>
            <button type="button" class="plain" onClick={() => onOpen(job)} aria-label={`Open ${job.name}, ${job.state}`}>
              {job.name}
            </button>{" "}
            <State state={job.state} />{" "}
            <span class="quiet">
              <Moment at={job.submitted_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Editor, tables, history, and the results of what was run last. */
export function SqlView({ webhooks }: { webhooks: boolean }) {
  const editor = useRef<EditorHandle | undefined>(undefined);
  const known = useRef<KnownTables>({});
  const watching = useRef<AbortController | undefined>(undefined);
  const [job, setJob] = useState<Job>();
  const [problem, setProblem] = useState<string>();
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const [options, setOptions] = useState(() => storedOptions(webhooks));
  const [runs, setRuns] = useState(0);
  const [sending, setSending] = useState(false);
  const running = sending || (job !== undefined && !isOver(job.state));
  useEffect(() => () => watching.current?.abort(), []);

  const attend = async (id: string, from: number) => {
    watching.current?.abort();
    const control = new AbortController();
    watching.current = control;
    await watch(
      id,
      (told) => {
        if (!control.signal.aborted) {
          setJob(told);
          if (isOver(told.state)) {
            setRuns((before) => before + 1);
            if (from > 0 && told.error?.line !== undefined) {
              editor.current?.goTo(from + told.error.line - 1, told.error.position ?? 0);
            }
          }
        }
      },
      control.signal,
    );
  };
  const attempt = (work: () => Promise<void>) => {
    setProblem(undefined);
    setProblems([]);
    work().catch((failed: unknown) => {
      if (failed instanceof ApiError && failed.status === 400 && failed.problems.length > 0) {
        setProblems(failed.problems);
      } else if (!(failed instanceof DOMException && failed.name === "AbortError")) {
        setProblem(explain(failed));
      }
    });
  };
  const run = () => {
    if (running) {
      return;
    }
    const selected = editor.current?.selected() ?? "";
    const text = selected.trim() === "" ? (editor.current?.text() ?? "") : selected;
    if (text.trim() === "") {
      setProblems([]);
      setProblem("There is nothing to run: write a statement first.");
      return;
    }
    const wrong: FieldProblem[] = [];
    const query: Query = { sql: text, ...read(options, wrong) };
    if (wrong.length > 0) {
      setProblem(undefined);
      setProblems(wrong);
      return;
    }
    if (text === selected && query.params !== undefined) {
      // The rest of the script has the other markers.
      query.params = used(query.params, text);
    }
    const name = query.name ?? nameOf(text);
    setSending(true);
    attempt(async () => {
      try {
        const sent = await api.query(name === undefined ? query : { ...query, name });
        setJob(sent);
        setRuns((before) => before + 1);
        setSending(false);
        await attend(sent.id, text === selected ? 0 : 1);
      } finally {
        setSending(false);
      }
    });
  };
  const cancel = () => {
    if (job !== undefined) {
      attempt(async () => {
        await api.cancel(job.id);
      });
    }
  };
  const change = (changed: Partial<QueryOptions>) =>
    setOptions((before) => {
      const after = { ...before, ...changed };
      sessionStorage.setItem(OPTIONS, JSON.stringify(after));
      return after;
    });
  const open = (old: Job) =>
    attempt(async () => {
      setJob(undefined);
      editor.current?.replace(await api.input(old.id));
      await attend(old.id, 0);
    });

  return (
    <>
      <Heading>SQL</Heading>
      <div class="workbench">
        <SchemaBrowser
          onInsert={(name) => editor.current?.insert(name)}
          onKnown={(tables) => {
            known.current = { ...known.current, ...tables };
          }}
        />
        <div class="main-column">
          <Editor
            initial={sessionStorage.getItem(DRAFT) ?? FIRST_DRAFT}
            onRun={run}
            onChange={(text) => sessionStorage.setItem(DRAFT, text)}
            known={() => known.current}
            handle={(handle) => {
              editor.current = handle;
            }}
          />
          <Summary problems={problems} labels={optionLabels(options)} />
          <QueryOptionsForm
            options={options}
            problems={problems}
            change={change}
            sql={() => editor.current?.text() ?? ""}
            changed={runs}
            webhooks={webhooks}
          />
          <div class="tools">
            <button type="button" class="primary" onClick={run} disabled={running}>
              Run
            </button>
            <button type="button" onClick={cancel} disabled={!running || job === undefined}>
              Cancel
            </button>
            <span role="status" aria-live="polite">
              {job !== undefined && (
                <>
                  <State state={job.state} />{" "}
                  {isOver(job.state) && job.started_at !== undefined && <>in {duration(secondsBetween(job.started_at, job.finished_at))}</>}{" "}
                </>
              )}
            </span>
            {job !== undefined && <a href={`#/jobs/${job.id}`}>Details</a>}
          </div>
          {job !== undefined && <JobProgress job={job} />}
          {problem !== undefined && <Problem>{problem}</Problem>}
          {job !== undefined && <Failure job={job} />}
          {job !== undefined && isOver(job.state) && <Results key={job.id} job={job} />}
          <History changed={runs} onOpen={open} />
        </div>
      </div>
    </>
  );
}

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, explain, isOver, JOB_STATES, type Delivery, type Job, type JobFilter, type JobList, lacksResults } from "./api.js";
import { dateTime, duration, plural } from "./format.js";
import { useLoaded } from "./hooks.js";
import { LiveLog } from "./log.js";
import { Failure, Heading, JobProgress, Moment, Outside, Problem, runTime, State, Waiting } from "./parts.js";
import { Results } from "./results.js";

/** All of the first pages anew: jobs change and come while somebody reads. */
async function firstPages(filter: JobFilter, pages: number): Promise<JobList> {
  let all = await api.jobs(filter);
  for (let page = 1; page < pages && all.next_cursor !== undefined; page++) {
    const next = await api.jobs({ ...filter, cursor: all.next_cursor });
    all = { ...next, jobs: [...all.jobs, ...next.jobs] };
  }
  return all;
}

/** Jobs, newest first. */
export function JobsView() {
  const [state, setState] = useState("");
  const [kind, setKind] = useState("");
  const [name, setName] = useState("");
  const [pages, setPages] = useState(1);
  const { value, problem: shownProblem } = useLoaded(() => firstPages({ state, kind, name, limit: 50 }, pages), [state, kind, name, pages], 5);
  useEffect(() => setPages(1), [state, kind, name]);
  const cursor = value?.next_cursor;
  const jobs = value?.jobs ?? [];
  const leadToSpark = jobs.some((job) => job.ui_url !== undefined);
  return (
    <>
      <Heading>Jobs</Heading>
      <form class="tools" role="search" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          State{" "}
          <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value="">Any</option>
            {JOB_STATES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          Kind{" "}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            <option value="">Any</option>
            <option value="sql">SQL</option>
            <option value="application">Application</option>
          </select>
        </label>
        <label>
          Name has <input type="search" value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <a class="button" href="#/submit">
          Submit an application
        </a>
      </form>
      {shownProblem !== undefined && <Problem>{shownProblem}</Problem>}
      {value === undefined && shownProblem === undefined && <Waiting />}
      {value !== undefined && jobs.length === 0 && <p>No job is like that.</p>}
      {jobs.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Jobs">
          <table>
            <thead>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">Kind</th>
                <th scope="col">State</th>
                <th scope="col">Owner</th>
                <th scope="col">Submitted</th>
                <th scope="col" class="number">Ran for</th>
                {leadToSpark && <th scope="col">Spark</th>}
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <tr key={job.id}>
                  <td>
                    <a href={`#/jobs/${job.id}`}>{job.name}</a>
                  </td>
                  <td>{job.kind === "sql" ? "SQL" : "Application"}</td>
                  <td>
                    <State state={job.state} />
                  </td>
                  <td>{job.owner}</td>
                  <td>
                    <Moment at={job.submitted_at} />
                  </td>
                  <td class="number">{runTime(job)}</td>
                  {leadToSpark && <td>{job.ui_url !== undefined && <Outside to={job.ui_url} text="Pages" label={`Spark's pages of ${job.name}`} />}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {cursor !== undefined && (
        <button type="button" onClick={() => setPages(pages + 1)}>
          Older jobs
        </button>
      )}
    </>
  );
}

/** Where the history server shows a program that is over, to those who may see that. */
function useHistory(job: Job): string | undefined {
  const id = job.kind === "application" && isOver(job.state) ? job.spark_application_id : undefined;
  const { value } = useLoaded(async () => (id === undefined ? undefined : (await api.cluster()).links.history), [id]);
  return id === undefined || value === undefined ? undefined : `${value}history/${encodeURIComponent(id)}/`;
}

/** How far the receiver of a job's webhook has been told. */
function told({ host, state, attempts, next_attempt_at, trouble }: Delivery): string {
  const often = plural(attempts, "attempt", "attempts");
  const why = trouble === undefined ? "" : `: ${trouble}`;
  switch (state) {
    case "waiting":
      return `To ${host}, when the job is over`;
    case "pending":
      return attempts === 0
        ? `On its way to ${host}`
        : `Not delivered to ${host} yet${why} (${often}${next_attempt_at === undefined ? "" : `, the next ${dateTime(next_attempt_at)}`})`;
    case "delivered":
      return `Delivered to ${host}${attempts > 1 ? ` (${often})` : ""}`;
    case "failed":
      return `Not delivered to ${host}${why} (${often}); it is not sent any more`;
  }
}

function Facts({ job }: { job: Job }) {
  const history = useHistory(job);
  const facts: [string, ComponentChildren][] = [
    ["Kind", job.kind === "sql" ? "SQL" : "Application"],
    ["Owner", job.owner],
    ["Submitted", dateTime(job.submitted_at)],
    ["Started", job.started_at === undefined ? "Not yet" : dateTime(job.started_at)],
    ["Ended", job.finished_at === undefined ? "Not yet" : dateTime(job.finished_at)],
    ["Ran for", runTime(job)],
  ];
  if (job.node !== undefined) {
    facts.push(["Node", job.node]);
  }
  if ((job.max_attempts ?? 1) > 1) {
    facts.push(["Attempt", `${job.attempt ?? 1} of ${job.max_attempts}`]);
  }
  if (job.time_limit_seconds !== undefined) {
    facts.push(["Time limit", duration(job.time_limit_seconds)]);
  }
  if (job.spark_application_id !== undefined) {
    facts.push(["Spark application", <Outside to={job.ui_url} text={job.spark_application_id} />]);
  }
  if (job.driver_id !== undefined) {
    facts.push(["Driver", <code>{job.driver_id}</code>]);
  }
  // Who can be led there by the gateway has no use for an address that may be out of reach.
  if (job.spark_ui_url !== undefined && job.ui_url === undefined) {
    facts.push(["Spark's own address of it", <Outside to={job.spark_ui_url} text={job.spark_ui_url} />]);
  }
  if (job.webhook !== undefined) {
    facts.push(["Webhook", told(job.webhook)]);
  }
  if (history !== undefined) {
    facts.push(["History", <Outside to={history} text="What Spark has kept of it" />]);
  }
  facts.push(["Id", <code>{job.id}</code>]);
  return (
    <dl class="facts">
      {facts.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** In how many seconds a job is to be asked for again: its end is not all that there is to tell. */
function nextLook(job: Job | undefined): number | undefined {
  if (job === undefined || !isOver(job.state)) {
    return 1;
  }
  if (lacksResults(job)) {
    return 3;
  }
  return job.webhook?.state === "waiting" || job.webhook?.state === "pending" ? 5 : undefined;
}

/** One job: how it is, what it printed, what it found. */
export function JobView({ id }: { id: string }) {
  const [seconds, setSeconds] = useState<number | undefined>(1);
  const { value: job, problem, reload } = useLoaded(() => api.job(id), [id], seconds);
  const { value: input } = useLoaded(() => api.input(id), [id]);
  const [stream, setStream] = useState<"output" | "log">("output");
  const [trouble, setTrouble] = useState<string>();
  const next = nextLook(job);
  useEffect(() => setSeconds(next), [next]);
  const act = (work: () => Promise<unknown>) => {
    setTrouble(undefined);
    work().then(reload, (failed: unknown) => setTrouble(explain(failed)));
  };
  const remove = () => {
    if (window.confirm("Delete this job with its results and logs?")) {
      setTrouble(undefined);
      api.remove(id).then(
        () => {
          location.hash = "#/jobs";
        },
        (failed: unknown) => setTrouble(explain(failed)),
      );
    }
  };
  return (
    <>
      <p>
        <a href="#/jobs">All jobs</a>
      </p>
      <Heading>{job?.name ?? "Job"}</Heading>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {job === undefined && problem === undefined && <Waiting />}
      {job !== undefined && (
        <>
          <div class="tools">
            <span role="status">
              <State state={job.state} />
            </span>
            <button type="button" onClick={() => act(() => api.cancel(id))} disabled={isOver(job.state)}>
              Cancel
            </button>
            <button type="button" onClick={remove} disabled={!isOver(job.state)}>
              Delete
            </button>
          </div>
          {trouble !== undefined && <Problem>{trouble}</Problem>}
          <JobProgress job={job} />
          <Failure job={job} />
          <Facts job={job} />
          {input !== undefined && (
            <details>
              <summary>{job.kind === "sql" ? "Script" : "Program"}</summary>
              <pre tabIndex={0}>{input}</pre>
            </details>
          )}
          {job.kind === "sql" && isOver(job.state) && <Results job={job} />}
          {job.kind === "application" && (
            <section aria-label="Output and log">
              <div class="choice" role="group" aria-label="Show">
                <button type="button" aria-pressed={stream === "output"} onClick={() => setStream("output")}>
                  Output
                </button>
                <button type="button" aria-pressed={stream === "log"} onClick={() => setStream("log")}>
                  Log
                </button>
              </div>
              <LiveLog id={id} stream={stream} />
            </section>
          )}
        </>
      )}
    </>
  );
}

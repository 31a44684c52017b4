import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isOver, type Job, type JobState, type Progress } from "./api.js";
import { ago, count, dateTime, duration, plural, secondsBetween } from "./format.js";

/** The heading of a view; it gets the focus when the view opens, so that screen readers start there. */
export function Heading({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** Something that went wrong, told at once. */
export function Problem({ children }: { children: ComponentChildren }) {
  return (
    <div class="problem" role="alert">
      {children}
    </div>
  );
}

export function Waiting({ children = "Loading…" }: { children?: ComponentChildren }) {
  return (
    <p class="quiet" role="status">
      {children}
    </p>
  );
}

export function State({ state }: { state: JobState | string }) {
  return <span class={`state state-${state.toLowerCase()}`}>{state.toLowerCase()}</span>;
}

/** A moment, as people say it, with the exact one behind it. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at)}
    </time>
  );
}

/** How long a job has run, or ran. */
export function runTime(job: Job): string {
  return job.started_at === undefined ? "–" : duration(secondsBetween(job.started_at, job.finished_at));
}

/** A link that only leads to web pages, whatever the answer held. */
export function Outside({ to, text, label }: { to: string | undefined; text: string; label?: string }) {
  return to !== undefined && /^(https?:\/\/|\/(?!\/))/.test(to) ? (
    <a href={to} {...(label === undefined ? {} : { "aria-label": label })}>
      {text}
    </a>
  ) : (
    <>{text}</>
  );
}

/** A share of a whole, as a bar with words. */
export function Meter({ label, used, total, text }: { label: string; used: number; total: number; text: string }) {
  return (
    <div class="meter">
      <meter aria-label={label} aria-valuetext={text} min={0} max={Math.max(total, 1)} value={used} />
      <span aria-hidden="true">{text}</span>
    </div>
  );
}

function howFar({ percent, stages_done, stages_total, tasks_done, tasks_total }: Progress): string {
  const share = `${Math.round(percent)} %`;
  return stages_total === 0
    ? `${share} – Spark plans the work`
    : `${share} – ${plural(tasks_done, "task", "tasks")} of ${count(tasks_total)}, stage ${Math.min(stages_done + 1, stages_total)} of ${stages_total}`;
}

/** How far a job that runs is. */
export function JobProgress({ job }: { job: Job }) {
  if (isOver(job.state)) {
    return null;
  }
  const progress = job.progress;
  const told = progress === undefined ? (job.state === "queued" ? "Waits for its turn" : "Running") : howFar(progress);
  return (
    <div class="progress">
      <progress aria-label="Progress of the job" aria-valuetext={told} max={100} {...(progress === undefined ? {} : { value: progress.percent })} />
      <span>{told}</span>
    </div>
  );
}

/** Why a job failed, with where in the script. */
export function Failure({ job }: { job: Job }) {
  if (!isOver(job.state) || job.state === "succeeded") {
    return null;
  }
  const error = job.error;
  const where = error?.line === undefined ? "" : ` (line ${error.line}${error.position === undefined ? "" : `, column ${error.position + 1}`})`;
  const codes = [error?.error_class, error?.sql_state].filter((code) => code !== undefined).join(", ");
  return (
    <Problem>
      <strong>{job.state === "failed" ? `Failed${where}.` : job.state === "cancelled" ? "Cancelled." : "Lost."}</strong>{" "}
      {codes !== "" && <span class="code">{codes}</span>}
      {error !== undefined || job.reason !== undefined ? <pre>{error?.message ?? job.reason}</pre> : null}
      {job.state === "lost" && job.driver_id === undefined && <p>Send it again; with max_attempts above 1 that happens by itself.</p>}
    </Problem>
  );
}

import { useRef, useState } from "preact/hooks";
import { ApiError, explain, upload, type FieldProblem } from "./api.js";
import { Field, lines, MOST_ATTEMPTS, MOST_SECONDS, pairs, Summary, WEBHOOK, WebhookField, wholeNumber } from "./forms.js";
import { plural, size } from "./format.js";
import { Heading, Problem } from "./parts.js";

const LABELS: Readonly<Record<string, string>> = {
  deploy_mode: "Driver",
  file: "Program",
  jar_uri: "Address of the jar",
  main_class: "Main class",
  name: "Name",
  arguments: "Arguments",
  settings: "Spark settings",
  py_files: "Python modules",
  files: "Files",
  jars: "Jars",
  packages: "Packages",
  environment: "Environment",
  time_limit_seconds: "Time limit in seconds",
  max_attempts: "Attempts at most",
  webhook: WEBHOOK,
};
const UPLOADS = ["file", "py_files", "files", "jars"] as const;

function chosen(fields: FormData, name: string): File[] {
  return fields.getAll(name).filter((file): file is File => file instanceof File && file.name !== "");
}

/** What the fields say, as the gateway takes it; what can't be sent becomes a problem. */
function specification(fields: FormData, problems: FieldProblem[]): Record<string, unknown> {
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  const onWorker = text("deploy_mode") === "cluster";
  const file = chosen(fields, "file")[0];
  if (onWorker && text("jar_uri") === "") {
    problems.push({ field: "jar_uri", reason: "is missing: say where workers find the jar" });
  }
  if (!onWorker && file === undefined) {
    problems.push({ field: "file", reason: "is missing: choose a file" });
  }
  if ((onWorker || file?.name.toLowerCase().endsWith(".jar") === true) && text("main_class") === "") {
    problems.push({ field: "main_class", reason: "is missing: a jar needs the name of the class to run" });
  }
  const spec: Record<string, unknown> = {
    ...(onWorker ? { deploy_mode: "cluster", supervise: fields.has("supervise") } : {}),
    arguments: lines(text("arguments")),
    settings: pairs(text("settings"), "settings", problems),
    environment: pairs(text("environment"), "environment", problems),
    packages: lines(text("packages")),
  };
  for (const name of ["name", "main_class", "jar_uri", "webhook"]) {
    if (text(name) !== "") {
      spec[name] = text(name);
    }
  }
  const limits = { time_limit_seconds: MOST_SECONDS, max_attempts: MOST_ATTEMPTS };
  for (const [name, most] of Object.entries(limits)) {
    const value = wholeNumber(text(name), name, most, problems);
    if (value !== undefined) {
      spec[name] = value;
    }
  }
  return spec;
}

/** A field for files, which tells what was chosen. */
function FilesField({ name, help, accept, problems }: { name: string; help: string; accept?: string; problems: readonly FieldProblem[] }) {
  const [files, setFiles] = useState<readonly File[]>([]);
  return (
    <>
      <Field name={name} label={LABELS[name]} help={help} problems={problems}>
        {(attributes) => (
          <input
            type="file"
            multiple
            {...attributes}
            {...(accept === undefined ? {} : { accept })}
            onChange={(event) => setFiles([...(event.currentTarget.files ?? [])])}
          />
        )}
      </Field>
      {files.length > 0 && (
        <p class="quiet chosen">
          {plural(files.length, "file", "files")}: {files.map((file) => `${file.name} (${size(file.size)})`).join(", ")}
        </p>
      )}
    </>
  );
}

/** Sends a program with what it needs. */
export function SubmitView({ webhooks }: { webhooks: boolean }) {
  const [sent, setSent] = useState<{ done: number; total: number }>();
  const [problem, setProblem] = useState<string>();
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const control = useRef<AbortController | undefined>(undefined);
  const [isJar, setIsJar] = useState(false);
  const [onWorker, setOnWorker] = useState(false);
  const needsClass = isJar || onWorker;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setProblem(undefined);
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const wrong: FieldProblem[] = [];
    const spec = specification(fields, wrong);
    setProblems(wrong);
    if (wrong.length > 0) {
      return;
    }
    const form = new FormData();
    form.set("spec", new Blob([JSON.stringify(spec)], { type: "application/json" }), "spec.json");
    for (const name of UPLOADS) {
      for (const file of chosen(fields, name)) {
        form.append(name, file, file.name);
      }
    }
    control.current = new AbortController();
    setSent({ done: 0, total: 0 });
    upload(form, (done, total) => setSent({ done, total }), control.current.signal).then(
      (job) => {
        location.hash = `#/jobs/${job.id}`;
      },
      (failed: unknown) => {
        setSent(undefined);
        if (failed instanceof ApiError && failed.status === 400 && failed.problems.length > 0) {
          setProblems(failed.problems);
        } else {
          setProblem(explain(failed));
        }
      },
    );
  };
  const percent = sent === undefined || sent.total === 0 ? 0 : Math.round((100 * sent.done) / sent.total);
  return (
    <>
      <Heading>Submit an application</Heading>
      <form class="form" onSubmit={submit} noValidate>
        <Summary problems={problems} labels={LABELS} />
        {problem !== undefined && <Problem>{problem}</Problem>}
        <Field name="deploy_mode" label="The driver runs" problems={problems}>
          {(attributes) => (
            <select
              {...attributes}
              onChange={(event) => {
                setOnWorker(event.currentTarget.value === "cluster");
                // The field for it is a new one.
                setIsJar(false);
              }}
            >
              <option value="client">beside the gateway, with a file that I send</option>
              <option value="cluster">on a worker, with a jar that workers can read</option>
            </select>
          )}
        </Field>
        {onWorker ? (
          <Field
            name="jar_uri"
            label={LABELS["jar_uri"]}
            help="local:/path for one that every worker has, or an address of s3a:, hdfs: or https: that workers can read. No secrets: the cluster shows it."
            problems={problems}
          >
            {(attributes) => <input required inputMode="url" spellcheck={false} placeholder="s3a://bucket/jars/report.jar" {...attributes} />}
          </Field>
        ) : (
          <Field name="file" label="Program: a jar, Python or R file" problems={problems}>
            {(attributes) => (
              <input
                type="file"
                required
                accept=".jar,.py,.R,.r"
                {...attributes}
                onChange={(event) => setIsJar(event.currentTarget.value.toLowerCase().endsWith(".jar"))}
              />
            )}
          </Field>
        )}
        <Field name="main_class" label={needsClass ? "Main class" : "Main class (jars only)"} problems={problems}>
          {(attributes) => <input required={needsClass} placeholder="org.example.Main" spellcheck={false} {...attributes} />}
        </Field>
        {onWorker && (
          <div class="line-of-choice">
            <label>
              <input type="checkbox" name="supervise" value="true" /> Start it anew when it fails or its worker is lost
            </label>
          </div>
        )}
        <Field name="name" label="Name" problems={problems}>
          {(attributes) => <input {...attributes} />}
        </Field>
        <Field name="arguments" label="Arguments, one a line" problems={problems}>
          {(attributes) => <textarea rows={3} spellcheck={false} {...attributes} />}
        </Field>
        <Field name="settings" label="Spark settings, name=value, one a line" problems={problems}>
          {(attributes) => <textarea rows={3} spellcheck={false} placeholder="spark.executor.memory=2g" {...attributes} />}
        </Field>
        <details>
          <summary>{onWorker ? "Packages" : "Modules, files, jars and packages"}</summary>
          {onWorker ? (
            <p class="quiet help">More jars and files are addresses in the settings spark.jars and spark.files.</p>
          ) : (
            <>
              <FilesField name="py_files" help="For programs in Python and R: .py, .zip, .egg, and wheels without compiled code." accept=".py,.zip,.egg,.whl" problems={problems} />
              <FilesField name="files" help="The program finds them by SparkFiles.get." problems={problems} />
              <FilesField name="jars" help="Classes for the driver and executors." accept=".jar" problems={problems} />
            </>
          )}
          <Field name="packages" label="Packages, group:artifact:version, one a line" problems={problems}>
            {(attributes) => <textarea rows={2} spellcheck={false} placeholder="org.example:library_2.13:1.0" {...attributes} />}
          </Field>
        </details>
        <details>
          <summary>Environment</summary>
          <Field
            name="environment"
            label="Environment, NAME=value, one a line"
            help="Names that the operator allows; by default those that begin with APP_. Logs and Spark's pages don't show the values."
            problems={problems}
          >
            {(attributes) => <textarea rows={3} spellcheck={false} placeholder="APP_STAGE=test" {...attributes} />}
          </Field>
        </details>
        <details>
          <summary>Limits</summary>
          <Field name="time_limit_seconds" label={LABELS["time_limit_seconds"]} help="Then a running attempt is ended. Empty: there is none." problems={problems}>
            {(attributes) => <input inputMode="numeric" {...attributes} />}
          </Field>
          <Field name="max_attempts" label={LABELS["max_attempts"]} help="How often it may be begun in all, when it fails or is cut off." problems={problems}>
            {(attributes) => <input inputMode="numeric" placeholder="1" {...attributes} />}
          </Field>
        </details>
        {webhooks && (
          <details>
            <summary>Webhook</summary>
            <WebhookField problems={problems}>{(attributes) => <input {...attributes} />}</WebhookField>
          </details>
        )}
        <div class="tools">
          <button type="submit" class="primary" disabled={sent !== undefined}>
            Submit
          </button>
          {sent !== undefined && (
            <>
              <button type="button" onClick={() => control.current?.abort()}>
                Stop the upload
              </button>
              <progress aria-label="Upload" max={100} value={percent} />
              <span role="status">
                {percent === 100 ? "Sent; waiting for the answer" : `${size(sent.done)} of ${size(sent.total)}, ${percent} %`}
              </span>
            </>
          )}
        </div>
      </form>
    </>
  );
}

import { useRef, useState } from "preact/hooks";
import { ApiError, explain, upload } from "./api.js";
import { size } from "./format.js";
import { Heading, Problem } from "./parts.js";

function lines(text: FormDataEntryValue | null): string[] {
  return String(text ?? "").split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** `name=value` a line; what is none of these is named. */
export function pairs(text: FormDataEntryValue | null, what: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of lines(text)) {
    const at = line.indexOf("=");
    if (at <= 0) {
      throw new Error(`${what}: “${line}” is not name=value. Write one pair on each line.`);
    }
    found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return found;
}

/** What the fields say, as the gateway takes it. */
function specification(fields: FormData): Record<string, unknown> {
  const spec: Record<string, unknown> = {};
  const text = (name: string) => String(fields.get(name) ?? "").trim();
  for (const name of ["name", "main_class", "deploy_mode"]) {
    if (text(name) !== "") {
      spec[name] = text(name);
    }
  }
  for (const name of ["time_limit_seconds", "max_attempts"]) {
    if (text(name) !== "") {
      spec[name] = Number(text(name));
    }
  }
  spec["arguments"] = lines(fields.get("arguments"));
  spec["settings"] = pairs(fields.get("settings"), "Spark settings");
  spec["environment"] = pairs(fields.get("environment"), "Environment");
  spec["packages"] = lines(fields.get("packages"));
  return spec;
}

/** Sends a program with what it needs. */
export function SubmitView() {
  const [sent, setSent] = useState<{ done: number; total: number }>();
  const [problem, setProblem] = useState<string>();
  const control = useRef<AbortController | undefined>(undefined);
  const [needsClass, setNeedsClass] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setProblem(undefined);
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const form = new FormData();
    try {
      form.set("spec", new Blob([JSON.stringify(specification(fields))], { type: "application/json" }), "spec.json");
    } catch (wrong) {
      setProblem(explain(wrong));
      return;
    }
    for (const name of ["file", "py_files", "files", "jars"]) {
      for (const file of fields.getAll(name)) {
        if (file instanceof File && file.name !== "") {
          form.append(name, file, file.name);
        }
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
        setProblem(failed instanceof ApiError && failed.field !== undefined ? `${failed.field}: ${explain(failed)}` : explain(failed));
      },
    );
  };
  const percent = sent === undefined || sent.total === 0 ? 0 : Math.round((100 * sent.done) / sent.total);
  return (
    <>
      <Heading>Submit an application</Heading>
      <form class="form" onSubmit={submit}>
        <label>
          Program: a jar, Python or R file
          <input
            type="file"
            name="file"
            required
            accept=".jar,.py,.R,.r"
            onChange={(event) => setNeedsClass(event.currentTarget.value.toLowerCase().endsWith(".jar"))}
          />
        </label>
        <label>
          Main class{needsClass ? "" : " (jars only)"}
          <input name="main_class" required={needsClass} placeholder="org.example.Main" />
        </label>
        <label>
          Name
          <input name="name" />
        </label>
        <label>
          Arguments, one a line
          <textarea name="arguments" rows={3} />
        </label>
        <label>
          Spark settings, name=value, one a line
          <textarea name="settings" rows={3} placeholder="spark.executor.memory=2g" />
        </label>
        <details>
          <summary>More</summary>
          <label>
            Where the driver runs
            <select name="deploy_mode">
              <option value="">As the gateway chooses</option>
              <option value="client">Beside the gateway (client)</option>
              <option value="cluster">On a worker (cluster)</option>
            </select>
          </label>
          <label>
            Environment, NAME=value, one a line
            <textarea name="environment" rows={2} />
          </label>
          <label>
            Packages, group:artifact:version, one a line
            <textarea name="packages" rows={2} />
          </label>
          <label>
            Python modules (.py, .zip, .whl)
            <input type="file" name="py_files" multiple />
          </label>
          <label>
            Files for the working folder
            <input type="file" name="files" multiple />
          </label>
          <label>
            Jars
            <input type="file" name="jars" multiple accept=".jar" />
          </label>
          <label>
            Time limit in seconds
            <input type="number" name="time_limit_seconds" min={1} />
          </label>
          <label>
            Attempts at most
            <input type="number" name="max_attempts" min={1} />
          </label>
        </details>
        {problem !== undefined && <Problem>{problem}</Problem>}
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

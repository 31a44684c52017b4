import { useState } from "preact/hooks";
import { download, explain, FORMATS, type Job, lacksResults } from "./api.js";
import { ResultChart } from "./chart.js";
import { plural } from "./format.js";
import { Grid } from "./grid.js";
import { Problem } from "./parts.js";

/** The results of a SQL job: a table or a chart of one of them, and files of it. */
export function Results({ job }: { job: Job }) {
  const results = job.results ?? [];
  const [chosen, setChosen] = useState(Math.max(0, results.length - 1));
  const [view, setView] = useState<"table" | "chart">("table");
  const [readable, setReadable] = useState(false);
  const [format, setFormat] = useState("csv");
  const [most, setMost] = useState("");
  const [saving, setSaving] = useState(false);
  const [problem, setProblem] = useState<string>();
  const at = Math.min(chosen, results.length - 1);
  const result = results[at];
  if (result === undefined) {
    if (job.state !== "succeeded") {
      return null;
    }
    return <p>{lacksResults(job) ? "The script ran. Its results can't be read yet." : "The script ran. It has no results to show."}</p>;
  }
  const save = () => {
    const found = FORMATS.find((known) => known.format === format) ?? FORMATS[0];
    if (found === undefined) {
      return;
    }
    const asked = most.trim() === "" ? result.rows : Number(most);
    if (!Number.isInteger(asked) || asked < 0 || (asked === 0 && result.rows > 0)) {
      setProblem("How many rows the file has at most must be a whole number from 1 on. Leave it empty for all of them.");
      return;
    }
    setSaving(true);
    setProblem(undefined);
    download(job.id, at, Math.min(asked, result.rows), found.format, found.suffix)
      .catch((failed: unknown) => setProblem(explain(failed)))
      .finally(() => setSaving(false));
  };
  return (
    <section class="results" aria-label="Results">
      <div class="tools">
        {results.length > 1 && (
          <label>
            Result{" "}
            <select value={at} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              {results.map((each, number) => (
                <option value={number} key={number}>
                  {number + 1}: {plural(each.rows, "row", "rows")}
                </option>
              ))}
            </select>
          </label>
        )}
        <strong>{plural(result.rows, "row", "rows")}</strong>
        <div class="choice" role="group" aria-label="Show the result as">
          <button type="button" aria-pressed={view === "table"} onClick={() => setView("table")}>
            Table
          </button>
          <button type="button" aria-pressed={view === "chart"} onClick={() => setView("chart")} disabled={result.rows === 0}>
            Chart
          </button>
        </div>
        <label>
          <input type="checkbox" checked={readable} onChange={(event) => setReadable(event.currentTarget.checked)} /> Readable numbers and dates
        </label>
        <div class="tools together">
          <label>
            File{" "}
            <select value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
              {FORMATS.map((each) => (
                <option value={each.format} key={each.format}>
                  {each.label}
                </option>
              ))}
            </select>
          </label>
          <label>
            Rows at most{" "}
            <input class="short" inputMode="numeric" placeholder="all" value={most} onInput={(event) => setMost(event.currentTarget.value)} />
          </label>
          <button type="button" onClick={save} disabled={saving}>
            {saving ? "Downloading…" : "Download"}
          </button>
        </div>
      </div>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {view === "table" ? (
        <Grid key={`${job.id}-${at}`} readable={readable} job={job.id} result={at} columns={result.columns} rows={result.rows} />
      ) : (
        <ResultChart key={`${job.id}-${at}`} job={job.id} result={at} columns={result.columns} rows={result.rows} />
      )}
    </section>
  );
}

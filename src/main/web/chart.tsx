import { useEffect, useState } from "preact/hooks";
import { api, explain, type Column, type Sample, type Value } from "./api.js";
import { count, dateTime, plural, tick, timeOfDay } from "./format.js";
import { isNumeric, cellText } from "./grid.js";
import { useWidth } from "./hooks.js";
import { Problem, Waiting } from "./parts.js";

const MOST_POINTS = 1000;
const HEIGHT = 280;
const LEFT = 56;
const BOTTOM = 44;
const TOP = 12;

/** Round numbers that cover a range. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const range = high - low || Math.abs(high) || 1;
  const rough = range / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
  const found: number[] = [];
  for (let at = Math.floor(low / step); at * step <= high + step * 0.999; at++) {
    found.push(Number((at * step).toPrecision(12)));
  }
  return found;
}

interface Point {
  label: string;
  value: number;
}

/** Points as bars or as a line. */
export function Plot({ points, kind, label }: { points: Point[]; kind: "bar" | "line"; label: string }) {
  const [follow, width] = useWidth<HTMLDivElement>();
  const values = points.map((point) => point.value);
  const low = Math.min(0, ...values);
  const scale = ticks(low, Math.max(0, ...values), 5);
  const bottom = scale[0] ?? 0;
  const top = scale[scale.length - 1] ?? 1;
  const inner = Math.max(1, width - LEFT - 8);
  const tall = HEIGHT - TOP - BOTTOM;
  const y = (value: number) => TOP + tall - ((value - bottom) / (top - bottom || 1)) * tall;
  const step = inner / Math.max(1, points.length);
  const x = (at: number) => LEFT + (at + 0.5) * step;
  const every = Math.max(1, Math.ceil(points.length / Math.max(1, Math.floor(inner / 90))));
  return (
    <div class="plot" ref={follow}>
      {width > 0 && (
        <svg role="img" aria-label={label} width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`}>
          {scale.map((value) => (
            <g key={value}>
              <line class="rule" x1={LEFT} x2={width - 8} y1={y(value)} y2={y(value)} />
              <text class="axis" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
                {tick(value)}
              </text>
            </g>
          ))}
          {kind === "line" ? (
            <polyline class="line" points={points.map((point, at) => `${x(at)},${y(point.value)}`).join(" ")} />
          ) : (
            points.map((point, at) => (
              <rect
                class="bar"
                key={at}
                x={x(at) - Math.max(0.5, step * 0.4)}
                width={Math.max(1, step * 0.8)}
                y={Math.min(y(point.value), y(0))}
                height={Math.abs(y(point.value) - y(0))}
              >
                <title>{`${point.label}: ${count(point.value)}`}</title>
              </rect>
            ))
          )}
          {points.map((point, at) =>
            at % every === 0 ? (
              <text class="axis" key={at} x={x(at)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
                {point.label.length > 12 ? `${point.label.slice(0, 11)}…` : point.label}
              </text>
            ) : null,
          )}
        </svg>
      )}
    </div>
  );
}

function toNumber(value: Value | undefined): number | undefined {
  const number = typeof value === "number" ? value : typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** A quick picture of a result's first rows. */
export function ResultChart({ job, result, columns, rows }: { job: string; result: number; columns: Column[]; rows: number }) {
  const [data, setData] = useState<Value[][]>();
  const [problem, setProblem] = useState<string>();
  const numeric = columns.findIndex((column) => isNumeric(column));
  const other = columns.findIndex((column) => !isNumeric(column));
  const lastNumeric = columns.reduce((found, column, at) => (isNumeric(column) ? at : found), Math.max(0, numeric));
  const [kind, setKind] = useState<"bar" | "line">(rows > 60 ? "line" : "bar");
  const [across, setAcross] = useState(other >= 0 ? other : 0);
  const [up, setUp] = useState(lastNumeric);
  useEffect(() => {
    const control = new AbortController();
    setData(undefined);
    api.results(job, result, 0, MOST_POINTS, control.signal).then(
      (page) => setData(page.rows),
      (failed: unknown) => control.signal.aborted || setProblem(explain(failed)),
    );
    return () => control.abort();
  }, [job, result]);
  const points: Point[] = [];
  for (const row of data ?? []) {
    const value = toNumber(row[up]);
    if (value !== undefined) {
      points.push({ label: cellText(row[across] ?? null), value });
    }
  }
  const upName = columns[up]?.name ?? "";
  const acrossName = columns[across]?.name ?? "";
  const most = points.reduce((found, point) => Math.max(found, point.value), -Infinity);
  const least = points.reduce((found, point) => Math.min(found, point.value), Infinity);
  const choices = columns.map((column, at) => (
    <option value={at} key={at}>
      {column.name}
    </option>
  ));
  return (
    <div class="chart">
      <div class="tools">
        <label>
          Chart{" "}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value === "line" ? "line" : "bar")}>
            <option value="bar">Bars</option>
            <option value="line">Line</option>
          </select>
        </label>
        <label>
          Across{" "}
          <select value={across} onChange={(event) => setAcross(Number(event.currentTarget.value))}>
            {choices}
          </select>
        </label>
        <label>
          Up{" "}
          <select value={up} onChange={(event) => setUp(Number(event.currentTarget.value))}>
            {choices}
          </select>
        </label>
        {rows > MOST_POINTS && <span class="quiet">The first {count(MOST_POINTS)} of {count(rows)} rows</span>}
      </div>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {data === undefined && problem === undefined && <Waiting />}
      {data !== undefined && points.length === 0 && <p>The column {upName} has no numbers. Choose another one for “Up”.</p>}
      {points.length > 0 && (
        <Plot
          points={points}
          kind={kind}
          label={`${kind === "bar" ? "Bar" : "Line"} chart of ${upName} by ${acrossName}: ${plural(points.length, "value", "values")} from ${count(least)} to ${count(most)}`}
        />
      )}
    </div>
  );
}

/** Use of the cluster over the last hour: what is used, below what there is. */
export function UsagePlot({
  samples,
  used,
  total,
  write,
  label,
}: {
  samples: Sample[];
  used: (sample: Sample) => number;
  total: (sample: Sample) => number;
  write: (value: number) => string;
  label: string;
}) {
  const [follow, width] = useWidth<HTMLElement>();
  const height = 120;
  const most = Math.max(1, ...samples.map((sample) => Math.max(total(sample), used(sample))));
  const x = (at: number) => (at / Math.max(1, samples.length - 1)) * width;
  const y = (value: number) => height - 18 - (value / most) * (height - 24);
  const line = (of: (sample: Sample) => number) => samples.map((sample, at) => `${x(at).toFixed(1)},${y(of(sample)).toFixed(1)}`).join(" ");
  const first = samples[0];
  const latest = samples[samples.length - 1];
  const peak = samples.reduce((found, sample) => Math.max(found, used(sample)), 0);
  const told =
    first === undefined || latest === undefined
      ? `${label}: nothing measured yet`
      : `${label} since ${timeOfDay(first.at)}: now ${write(used(latest))} of ${write(total(latest))}, at most ${write(peak)}`;
  return (
    <figure class="usage" ref={follow}>
      <figcaption>{told}</figcaption>
      {width > 0 && first !== undefined && latest !== undefined && (
        <svg role="img" aria-label={told} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          <polyline class="limit" points={line(total)} />
          <polygon class="area" points={`0,${height - 18} ${line(used)} ${width},${height - 18}`} />
          <polyline class="line" points={line(used)} />
          <text class="axis" x={0} y={height - 3}>
            {timeOfDay(first.at)}
          </text>
          <text class="axis" x={width} y={height - 3} text-anchor="end">
            {timeOfDay(latest.at)}
            <title>{dateTime(latest.at)}</title>
          </text>
        </svg>
      )}
    </figure>
  );
}

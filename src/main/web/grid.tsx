import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, explain, type Column, type Value } from "./api.js";
import { count, readableValue } from "./format.js";
import { Problem } from "./parts.js";

const ROW_HEIGHT = 28;
const PAGE = 500;
const PAGES_KEPT = 40;
/** Browsers cut off what is higher than some 17 million pixels: beyond this, one pixel of the bar stands for several. */
const MOST_PIXELS = 8_000_000;
/** A cell shows so much of a longer value; below the grid is all of it. */
const MOST_CHARACTERS = 40;
const NUMERIC = /^(tinyint|smallint|int|integer|bigint|float|double|decimal|long|short|byte)/i;

/** A value as a cell shows it. */
export function cellText(value: Value): string {
  return value === null ? "null" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function isNumeric(column: Column): boolean {
  return NUMERIC.test(column.type);
}

/** The rows of a result by their page; the pages used last are kept. */
class Pages {
  private readonly kept = new Map<number, Value[][]>();
  private readonly asked = new Map<number, AbortController>();

  constructor(
    private readonly job: string,
    private readonly result: number,
    private readonly changed: (problem?: string) => void,
  ) {}

  row(index: number): Value[] | undefined {
    return this.kept.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Asks for what is missing of these rows, and for nothing else any more. */
  want(from: number, to: number): void {
    const first = Math.floor(from / PAGE);
    const last = Math.floor(Math.max(from, to - 1) / PAGE);
    for (const [page, control] of this.asked) {
      if (page < first || page > last) {
        control.abort();
        this.asked.delete(page);
      }
    }
    for (let page = first; page <= last; page++) {
      const rows = this.kept.get(page);
      if (rows !== undefined) {
        this.kept.delete(page);
        this.kept.set(page, rows);
      } else if (!this.asked.has(page)) {
        this.load(page);
      }
    }
  }

  private load(page: number): void {
    const control = new AbortController();
    this.asked.set(page, control);
    api.results(this.job, this.result, page * PAGE, PAGE, control.signal).then(
      (answer) => {
        this.asked.delete(page);
        this.kept.set(page, answer.rows);
        for (const old of this.kept.keys()) {
          if (this.kept.size <= PAGES_KEPT) {
            break;
          }
          if (old !== 0) {
            this.kept.delete(old);
          }
        }
        this.changed();
      },
      (problem: unknown) => {
        if (!control.signal.aborted) {
          this.asked.delete(page);
          this.changed(explain(problem));
        }
      },
    );
  }

  close(): void {
    this.asked.forEach((control) => control.abort());
    this.asked.clear();
  }
}

interface Props {
  /** Whether numbers and dates are written as people do; otherwise as the data has them. */
  readable: boolean;
  job: string;
  result: number;
  columns: Column[];
  rows: number;
}

/** A result of any length: only the rows that are seen are loaded and drawn. */
export function Grid({ readable, job, result, columns, rows }: Props) {
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [scroll, setScroll] = useState({ top: 0, height: 400 });
  const [active, setActive] = useState({ row: 0, column: 0 });
  const box = useRef<HTMLDivElement>(null);
  const pages = useMemo(
    () =>
      new Pages(job, result, (trouble) => {
        setProblem(trouble);
        redraw((turn) => turn + 1);
      }),
    [job, result],
  );
  useEffect(() => () => pages.close(), [pages]);
  useEffect(() => {
    setActive({ row: 0, column: 0 });
    box.current?.scrollTo(0, 0);
  }, [job, result]);

  const whole = rows * ROW_HEIGHT;
  const drawn = Math.min(whole, MOST_PIXELS);
  const view = Math.max(ROW_HEIGHT, scroll.height - ROW_HEIGHT);
  // Where the bar is, as a share, says where in the result we are; the rest of a pixel moves smoothly.
  const share = drawn <= view ? 0 : Math.min(1, scroll.top / (drawn - view));
  const offset = drawn === whole ? scroll.top : share * (whole - view);
  const first = Math.max(0, Math.floor(offset / ROW_HEIGHT) - 2);
  const last = Math.min(rows, Math.ceil((offset + view) / ROW_HEIGHT) + 2);

  useEffect(() => {
    if (rows === 0) {
      return undefined;
    }
    // Who drags the bar passes over most of it: ask for where it rests.
    const timer = window.setTimeout(() => pages.want(first, last), pages.row(first) === undefined && first > 0 ? 80 : 0);
    return () => window.clearTimeout(timer);
  }, [pages, first, last, rows]);

  const measure = useCallback(() => {
    const element = box.current;
    if (element !== null) {
      setScroll({ top: element.scrollTop, height: element.clientHeight });
    }
  }, []);
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current !== null) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, [measure]);

  // A column grows with what has been seen of it, and never jumps back.
  const widest = useRef<number[]>([]);
  useMemo(() => {
    widest.current = columns.map((column) => column.name.length + 2);
  }, [job, result, columns]);
  for (let row = first; row < last; row++) {
    pages.row(row)?.forEach((value, at) => {
      const type = columns[at]?.type ?? "";
      const text = readable ? readableValue(type, value, cellText(value)) : cellText(value);
      widest.current[at] = Math.max(widest.current[at] ?? 0, text.length);
    });
  }
  const widths = widest.current.map((width) => Math.min(MOST_CHARACTERS, Math.max(4, width)) + 2);
  // With the padding of a cell.
  const digits = Math.max(3, count(rows).length + 2);
  const template = [`${digits}ch`, ...widths.map((width) => `${width}ch`)].join(" ");

  const goTo = (row: number, column: number) => {
    const to = { row: Math.max(0, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    setActive(to);
    const element = box.current;
    if (element === null) {
      return;
    }
    const top = to.row * ROW_HEIGHT;
    if (top < offset || top + ROW_HEIGHT > offset + view) {
      const wanted = top < offset ? top : top + ROW_HEIGHT - view;
      element.scrollTop = drawn === whole ? wanted : (wanted / (whole - view)) * (drawn - view);
      measure();
    }
    requestAnimationFrame(() => document.getElementById(cellId(to.row, to.column))?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  };
  const cellId = (row: number, column: number) => `cell-${result}-${row}-${column}`;

  const keyDown = (event: KeyboardEvent) => {
    const step = Math.max(1, Math.floor(view / ROW_HEIGHT) - 1);
    const { row, column } = active;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + step, column],
      PageUp: [row - step, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0],
      End: event.ctrlKey ? [rows - 1, columns.length - 1] : [row, columns.length - 1],
    };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      goTo(...move);
    } else if (event.key === "c" && (event.ctrlKey || event.metaKey) && String(window.getSelection()) === "") {
      const value = pages.row(row)?.[column];
      if (value !== undefined) {
        event.preventDefault();
        void navigator.clipboard?.writeText(cellText(value));
      }
    }
  };

  const activeValue = pages.row(active.row)?.[active.column];
  const activeText = activeValue === undefined ? "" : cellText(activeValue);
  const shown: number[] = [];
  for (let row = first; row < last; row++) {
    shown.push(row);
  }
  // The rows hang from where the bar is, so that they are in view however much a pixel of it stands for.
  const top = drawn === whole ? first * ROW_HEIGHT : scroll.top - (offset - first * ROW_HEIGHT);
  return (
    <>
      {problem !== undefined && <Problem>{problem}</Problem>}
      <div
        class="grid"
        ref={box}
        style={{ height: `${Math.min(16, rows + 2) * ROW_HEIGHT}px` }}
        role="grid"
        tabIndex={0}
        aria-label={`Result ${result + 1}: ${count(rows)} rows. Arrow keys move, Control and End goes to the last row.`}
        aria-rowcount={rows + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={active.row >= first && active.row < last ? cellId(active.row, active.column) : undefined}
        onScroll={measure}
        onKeyDown={keyDown}
      >
        <div class="grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          <div role="columnheader" aria-colindex={1}>
            #
          </div>
          {columns.map((column, at) => (
            <div role="columnheader" aria-colindex={at + 2} key={at} title={`${column.name}: ${column.type}`} class={isNumeric(column) ? "number" : ""}>
              {column.name}
            </div>
          ))}
        </div>
        <div class="grid-body" role="presentation" style={{ height: `${drawn}px` }}>
          <div role="rowgroup" class="grid-rows" style={{ transform: `translateY(${top}px)` }}>
            {shown.map((row) => {
              const values = pages.row(row);
              return (
                <div role="row" class="grid-row" aria-rowindex={row + 2} key={row} style={{ gridTemplateColumns: template }}>
                  <div role="rowheader" class="number quiet" aria-colindex={1}>
                    {count(row + 1)}
                  </div>
                  {columns.map((column, at) => {
                    const value = values?.[at];
                    const here = row === active.row && at === active.column;
                    return (
                      <div
                        role="gridcell"
                        aria-colindex={at + 2}
                        aria-selected={here}
                        id={cellId(row, at)}
                        key={at}
                        class={`${isNumeric(column) ? "number" : ""}${value === null ? " null" : ""}`}
                        onClick={() => setActive({ row, column: at })}
                      >
                        {value === undefined ? "…" : readable ? readableValue(column.type, value, cellText(value)) : cellText(value)}
                      </div>
                    );
                  })}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {activeText.length > MOST_CHARACTERS && (
        <pre tabIndex={0} role="region" aria-label="The chosen value">
          {activeText}
        </pre>
      )}
    </>
  );
}

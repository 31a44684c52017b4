import { useEffect, useRef, useState } from "preact/hooks";
import { explain, follow } from "./api.js";
import { count, plural } from "./format.js";
import { Problem } from "./parts.js";

/** More than this would slow the browser down; the download has all. */
const MOST_LINES = 5000;

/** A job's output or log as it is written. */
export function LiveLog({ id, stream }: { id: string; stream: "output" | "log" }) {
  const [lines, setLines] = useState<string[]>([]);
  const [dropped, setDropped] = useState(0);
  const [ended, setEnded] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [following, setFollowing] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const control = new AbortController();
    let waiting: string[] = [];
    let frame = 0;
    setLines([]);
    setDropped(0);
    setEnded(false);
    setProblem(undefined);
    // Lines come by the thousand: they are shown once a frame.
    const show = () => {
      frame = 0;
      const fresh = waiting;
      waiting = [];
      setLines((before) => {
        const all = [...before, ...fresh];
        const extra = Math.max(0, all.length - MOST_LINES);
        if (extra > 0) {
          setDropped((known) => known + extra);
        }
        return extra === 0 ? all : all.slice(extra);
      });
    };
    const read = async () => {
      for await (const line of follow(id, stream, control.signal)) {
        waiting.push(line);
        // A tab in the background has no frames.
        if (waiting.length > 2 * MOST_LINES) {
          const extra = waiting.length - MOST_LINES;
          waiting = waiting.slice(extra);
          setDropped((known) => known + extra);
        }
        frame = frame === 0 ? requestAnimationFrame(show) : frame;
      }
      if (!control.signal.aborted) {
        setEnded(true);
      }
    };
    read().catch((failed: unknown) => setProblem(explain(failed)));
    return () => {
      control.abort();
      cancelAnimationFrame(frame);
    };
  }, [id, stream]);
  useEffect(() => {
    if (following && box.current !== null) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [lines, following]);
  return (
    <div class="log">
      <div class="tools">
        <label>
          <input type="checkbox" checked={following} onChange={(event) => setFollowing(event.currentTarget.checked)} /> Keep the end in view
        </label>
        <span class="quiet" role="status">
          {ended ? `Complete, ${plural(lines.length + dropped, "line", "lines")}` : "Live"}
        </span>
      </div>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {dropped > 0 && <p class="quiet">{count(dropped)} earlier lines are not shown.</p>}
      <pre ref={box} tabIndex={0} role="log" aria-live="off" aria-label={stream === "log" ? "Log of the driver" : "Output"}>
        {lines.length === 0 && ended ? "It wrote nothing." : lines.join("\n")}
      </pre>
    </div>
  );
}

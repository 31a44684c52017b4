import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, explain } from "./api.js";

/** What was loaded, or why it could not be. */
export interface Loaded<T> {
  value?: T;
  problem?: string;
  reload: () => void;
}

/**
 * Loads a value, and loads it again so many seconds after each answer while the tab is seen. A value that is there stays
 * while a reload fails; the problem is told beside it.
 */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[], everySeconds?: number): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState<string>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let gone = false;
    let timer = 0;
    const again = () => {
      if (!gone && everySeconds !== undefined) {
        timer = window.setTimeout(document.hidden ? again : run, everySeconds * 1000);
      }
    };
    const run = () => {
      load().then(
        (loaded) => {
          if (!gone) {
            setValue(loaded);
            setProblem(undefined);
            again();
          }
        },
        (failed: unknown) => {
          if (!gone && !(failed instanceof ApiError && failed.status === 401)) {
            setProblem(explain(failed));
            again();
          }
        },
      );
    };
    run();
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
    // The caller names what the load depends on.
  }, [...inputs, turn, everySeconds]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return {
    ...(value === undefined ? {} : { value }),
    ...(problem === undefined ? {} : { problem }),
    reload,
  };
}

/** The width of an element, followed. */
export function useWidth<E extends HTMLElement>(): [(element: E | null) => void, number] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | undefined>(undefined);
  const follow = useCallback((element: E | null) => {
    observer.current?.disconnect();
    if (element !== null) {
      setWidth(element.clientWidth);
      observer.current = new ResizeObserver(() => setWidth(element.clientWidth));
      observer.current.observe(element);
    }
  }, []);
  return [follow, width];
}

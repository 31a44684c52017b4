import { api } from "./api.js";
import { useLoaded } from "./hooks.js";
import { Heading, Problem, Waiting } from "./parts.js";

interface Call {
  method: string;
  path: string;
  summary: string;
  tag: string;
}

/**
 * The calls of the definition: path, method, summary and first tag, by their indentation. The file is the gateway's own and
 * written in one way, so that a parser of all YAML, larger than this page, is not needed for a list.
 */
export function callsOf(definition: string): Call[] {
  const calls: Call[] = [];
  let inPaths = false;
  let path = "";
  let call: Call | undefined;
  for (const line of definition.split("\n")) {
    if (/^\S/.test(line)) {
      inPaths = line.startsWith("paths:");
      continue;
    }
    if (!inPaths) {
      continue;
    }
    const newPath = /^ {2}["']?(\/[^"']*?)["']?:\s*$/.exec(line);
    const method = /^ {4}(get|post|put|delete|patch|head):\s*$/.exec(line);
    const summary = /^ {6}summary: *(.*)$/.exec(line);
    const tags = /^ {6}tags: *\[ *["']?([^,"'\]]+)/.exec(line);
    if (newPath?.[1] !== undefined) {
      path = newPath[1];
      call = undefined;
    } else if (method?.[1] !== undefined) {
      call = { method: method[1].toUpperCase(), path, summary: "", tag: "other" };
      calls.push(call);
    } else if (call !== undefined && summary?.[1] !== undefined) {
      call.summary = summary[1].replace(/^(["'])(.*)\1$/, "$2");
    } else if (call !== undefined && tags?.[1] !== undefined) {
      call.tag = tags[1].trim();
    }
  }
  return calls;
}

/** What programs can ask of this gateway. */
export function ReferenceView() {
  const { value, problem } = useLoaded(api.definition, []);
  const calls = value === undefined ? [] : callsOf(value);
  const tags = [...new Set(calls.map((call) => call.tag))];
  return (
    <>
      <Heading>API reference</Heading>
      <p>
        Everything here is done with calls that programs can make, too. <a href="/openapi.yaml">openapi.yaml</a> defines each of them with its fields and
        answers; generators of clients read it.
      </p>
      <pre tabIndex={0} role="region" aria-label="Example">{`curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\\n  -d '{"sql": "select 42 as answer"}' '${location.origin}/api/v1/queries?wait=30'`}</pre>
      {problem !== undefined && <Problem>{problem}</Problem>}
      {value === undefined && problem === undefined && <Waiting />}
      {tags.map((tag) => (
        <section key={tag}>
          <h2>{tag}</h2>
          <dl class="calls">
            {calls.filter((call) => call.tag === tag).map((call) => (
              <div key={`${call.method} ${call.path}`}>
                <dt>
                  <code>
                    <b>{call.method}</b> {call.path}
                  </code>
                </dt>
                <dd>{call.summary}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

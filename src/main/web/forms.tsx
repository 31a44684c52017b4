import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { FieldProblem } from "./api.js";

/** What a control of a form needs, so that its label, its help and its problems belong to it. */
export interface ControlAttributes {
  id: string;
  name: string;
  "aria-describedby"?: string;
  "aria-invalid"?: "true";
}

/** Where in the page a field of this name is. */
export function fieldId(name: string): string {
  return `field-${name.replace(/[^A-Za-z0-9_-]/g, "-")}`;
}

function sentence(reason: string): string {
  const text = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** A field with its label, a word of help, and what is wrong with it. */
export function Field({
  name,
  label,
  help,
  problems,
  children,
}: {
  name: string;
  label: ComponentChildren;
  help?: ComponentChildren;
  problems: readonly FieldProblem[];
  children: (attributes: ControlAttributes) => JSX.Element;
}) {
  const id = fieldId(name);
  const own = problems.filter((problem) => problem.field === name);
  const described = [...(help === undefined ? [] : [`${id}-help`]), ...(own.length === 0 ? [] : [`${id}-problems`])].join(" ");
  return (
    <div class={own.length === 0 ? "field" : "field wrong"}>
      <label for={id}>{label}</label>
      {help !== undefined && (
        <div class="quiet help" id={`${id}-help`}>
          {help}
        </div>
      )}
      {children({
        id,
        name,
        ...(described === "" ? {} : { "aria-describedby": described }),
        ...(own.length === 0 ? {} : { "aria-invalid": "true" }),
      })}
      <FieldProblems id={`${id}-problems`} reasons={own.map((problem) => problem.reason)} />
    </div>
  );
}

/** What the field is called that says who is told of a job's end. */
export const WEBHOOK = "Webhook address";
const ADDRESS = { inputMode: "url", spellcheck: false, autocomplete: "off", placeholder: "https://hooks.example.org/spark" } as const;

/** That field; for gateways that allow it. */
export function WebhookField({ problems, children }: { problems: readonly FieldProblem[]; children: (attributes: ControlAttributes & typeof ADDRESS) => JSX.Element }) {
  return (
    <Field name="webhook" label={WEBHOOK} help="Gets a POST when the job is over, whichever way it ends. The operator says which hosts may be told." problems={problems}>
      {(attributes) => children({ ...attributes, ...ADDRESS })}
    </Field>
  );
}

/** What is wrong with a field, beside it. */
export function FieldProblems({ id, reasons }: { id: string; reasons: readonly string[] }) {
  if (reasons.length === 0) {
    return null;
  }
  return (
    <ul class="plain-list reasons" id={id}>
      {reasons.map((reason) => (
        <li key={reason}>{sentence(reason)}</li>
      ))}
    </ul>
  );
}

function goTo(name: string): void {
  const control = document.getElementById(fieldId(name));
  for (let around = control?.closest("details"); around != null; around = around.parentElement?.closest("details")) {
    around.open = true;
  }
  control?.focus();
}

/** All that is wrong with a form, with ways to the fields. It takes the focus, so that screen readers begin with it. */
export function Summary({ problems, labels }: { problems: readonly FieldProblem[]; labels: Readonly<Record<string, string>> }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problems.length > 0) {
      // What it speaks of is to be seen, too.
      problems.forEach((problem) => document.getElementById(fieldId(problem.field))?.closest("details")?.setAttribute("open", ""));
      box.current?.focus();
    }
  }, [problems]);
  if (problems.length === 0) {
    return null;
  }
  return (
    <div class="problem" role="alert" tabIndex={-1} ref={box} aria-labelledby="problems-heading">
      <h2 id="problems-heading">{problems.length === 1 ? "One thing has to change" : `${problems.length} things have to change`}</h2>
      <ul>
        {problems.map((problem) => {
          const label = labels[problem.field];
          return (
            <li key={`${problem.field} ${problem.reason}`}>
              {label === undefined ? (
                `${problem.field}: ${problem.reason}`
              ) : (
                <a
                  href={`#${fieldId(problem.field)}`}
                  onClick={(event) => {
                    event.preventDefault();
                    goTo(problem.field);
                  }}
                >
                  {label}: {problem.reason}
                </a>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** A form's lines that have something in them. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** `name=value` a line; what is none of these becomes a problem of the field. */
export function pairs(text: string, field: string, problems: FieldProblem[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of lines(text)) {
    const at = line.indexOf("=");
    if (at > 0) {
      found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    } else {
      problems.push({ field, reason: `“${line}” is not name=value; write one pair on each line` });
    }
  }
  return found;
}

/** A whole number within bounds; missing when nothing was written. What is none becomes a problem of the field. */
export function wholeNumber(text: string, field: string, most: number, problems: FieldProblem[]): number | undefined {
  if (text.trim() === "") {
    return undefined;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    problems.push({ field, reason: `must be a whole number from 1 to ${most}` });
    return undefined;
  }
  return value;
}

/** The most that the gateway takes. */
export const MOST_ATTEMPTS = 10;
export const MOST_SECONDS = 2_592_000;

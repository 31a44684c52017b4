// The gateway's calls under /api/v1, with types and errors.

export type JobState = "queued" | "starting" | "running" | "succeeded" | "failed" | "cancelled" | "lost";
export type JobKind = "sql" | "application";
export const JOB_STATES: readonly JobState[] = ["queued", "starting", "running", "succeeded", "failed", "cancelled", "lost"];

export interface Column {
  name: string;
  type: string;
}
export interface Progress {
  stages_done: number;
  stages_total: number;
  tasks_done: number;
  tasks_total: number;
  percent: number;
}
/** How far a job's receiver has been told of its end. */
export interface Delivery {
  host: string;
  state: "waiting" | "pending" | "delivered" | "failed";
  attempts: number;
  next_attempt_at?: string;
  trouble?: string;
}
export interface JobError {
  message: string;
  error_class?: string;
  sql_state?: string;
  line?: number;
  position?: number;
}
export interface ResultSummary {
  columns: Column[];
  rows: number;
}
export interface Job {
  id: string;
  kind: JobKind;
  name: string;
  owner: string;
  state: JobState;
  submitted_at: string;
  started_at?: string;
  finished_at?: string;
  reason?: string;
  error?: JobError;
  node?: string;
  attempt?: number;
  max_attempts?: number;
  time_limit_seconds?: number;
  spark_application_id?: string;
  /** In cluster mode, what masters call its driver. */
  driver_id?: string;
  /** Spark's pages of it, through the gateway. */
  ui_url?: string;
  /** The same by Spark's own address. */
  spark_ui_url?: string;
  progress?: Progress;
  webhook?: Delivery;
  results?: ResultSummary[];
}
export interface JobList {
  jobs: Job[];
  next_cursor?: string;
}
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export interface ResultPage {
  columns: Column[];
  rows: Value[][];
  offset: number;
  total_rows: number;
  complete: boolean;
}
export interface Me {
  name: string;
  role: "reader" | "user" | "admin";
  sign_in: "none" | "token" | "tokeninfo" | "oidc" | "introspection";
  can_sign_out: boolean;
  /** Whether a job may have one. */
  webhooks: boolean;
}
export interface Master {
  host: string;
  status: string;
}
export interface Worker {
  id: string;
  host: string;
  state: string;
  cores: number;
  cores_used: number;
  memory: number;
  memory_used: number;
  ui_url?: string;
}
export interface Application {
  id: string;
  name: string;
  user: string;
  cores: number;
  state: string;
  submitted_at: string;
  duration_seconds: number;
  ui_url?: string;
}
export interface Cluster {
  leader?: string;
  masters: Master[];
  workers: Worker[];
  applications: Application[];
  cores: number;
  cores_used: number;
  memory: number;
  memory_used: number;
  links: { master_page?: string; history?: string; master?: string; thrift?: string; connect?: string };
}
export interface Sample {
  at: string;
  cores: number;
  cores_used: number;
  memory: number;
  memory_used: number;
  running: number;
  queued: number;
}
export interface Usage {
  interval_seconds: number;
  samples: Sample[];
}
export interface TableName {
  name: string;
  kind: string;
}
export interface TableColumn {
  name: string;
  type: string;
  comment?: string;
  nullable?: boolean;
}

/** A SQL session that outlives a query. */
export interface Session {
  name: string;
  owner: string;
  created_at: string;
  last_used_at: string;
  busy: boolean;
}
/** A value for a marker of a statement. */
export type Parameter = string | number | boolean | null | Parameter[] | { type: string; value: string | null };
export interface Query {
  sql: string;
  name?: string;
  params?: Record<string, Parameter>;
  settings?: Record<string, string>;
  session?: string;
  max_attempts?: number;
  time_limit_seconds?: number;
  webhook?: string;
}
/** What is wrong with a field of a request. */
export interface FieldProblem {
  field: string;
  reason: string;
}

const TOKEN = "spark-appliance.token";

/** Whether a job's state will not change any more. */
export function isOver(state: JobState): boolean {
  return state !== "queued" && state !== "starting" && state !== "running";
}

/** Whether there are results that nobody can see yet, for a moment or while their place does not answer. */
export function lacksResults(job: Job): boolean {
  return job.kind === "sql" && job.state === "succeeded" && job.results === undefined;
}

const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** JSON with numbers as texts where they have more digits than a number of this language. */
export function exactNumbers(json: string): string {
  return json.replace(TEXT_OR_NUMBER, (found) => (found.startsWith('"') || found.replace(/[eE].*$|\D/g, "").length <= 15 ? found : `"${found}"`));
}

/** What the gateway answered instead of what was asked for; its message is for people. */
export class ApiError extends Error {
  constructor(
    /** 0 when the gateway could not be reached. */
    readonly status: number,
    message: string,
    /** What has to change in the request, where the answer says so. */
    readonly problems: readonly FieldProblem[] = [],
    readonly retryAfterSeconds?: number,
    /** How one can sign in, where the answer says so. */
    readonly signIn?: string,
  ) {
    super(message);
  }
}

/** A sentence for people: what happened, and what to do. */
export function explain(problem: unknown): string {
  if (!(problem instanceof ApiError)) {
    return problem instanceof Error ? problem.message : String(problem);
  }
  switch (problem.status) {
    case 0:
      return "The gateway can't be reached. Check the network and that the node runs; the page tries again by itself where it can.";
    case 403:
      return `${problem.message} Ask whoever runs this cluster for the role that may.`;
    case 413:
      return `${problem.message} Send a smaller file, or ask for a larger MAX_UPLOAD_SIZE.`;
    case 429:
    case 503:
      return problem.retryAfterSeconds === undefined
        ? `${problem.message} Try again in a moment.`
        : `${problem.message} Try again in ${problem.retryAfterSeconds} s.`;
    default:
      return problem.message;
  }
}

type Listener = (refusal: ApiError) => void;
let onSignedOut: Listener = () => undefined;

/** Who is told when a call was refused because nobody is signed in. */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

/** Keeps the token for this tab; null forgets it. */
export function keepToken(token: string | null): void {
  if (token === null) {
    sessionStorage.removeItem(TOKEN);
  } else {
    sessionStorage.setItem(TOKEN, token);
  }
}

function cookie(name: string): string | undefined {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? undefined : decodeURIComponent(found.slice(name.length + 1));
}

function headersFor(method: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token !== null) {
    headers["Authorization"] = `Bearer ${token}`;
  }
  const csrf = cookie("csrf");
  if (csrf !== undefined && method !== "GET") {
    headers["X-CSRF-Token"] = csrf;
  }
  return headers;
}

function failure(status: number, body: string, retryAfter: string | null): ApiError {
  let told: { error?: string; field?: string; reason?: string; problems?: FieldProblem[]; id?: string; sign_in?: string } = {};
  try {
    told = JSON.parse(body) as typeof told;
  } catch {
    // A proxy's own page, perhaps: the status has to do.
  }
  const sentence = told.error ?? `The gateway answered ${status}.`;
  const seconds = Number(retryAfter);
  const first = told.field === undefined ? [] : [{ field: told.field, reason: told.reason ?? sentence }];
  const error = new ApiError(
    status,
    told.id === undefined ? sentence : `${sentence} (${told.id})`,
    told.problems ?? first,
    retryAfter !== null && Number.isFinite(seconds) ? seconds : undefined,
    told.sign_in,
  );
  if (status === 401) {
    onSignedOut(error);
  }
  return error;
}

interface Options {
  body?: unknown;
  accept?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** One call; the answer is a good one. */
export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { ...headersFor(method), ...options.headers, Accept: options.accept ?? "application/json" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (problem) {
    if (options.signal?.aborted === true) {
      throw problem;
    }
    throw new ApiError(0, "The gateway can't be reached.");
  }
  if (!answer.ok) {
    throw failure(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  }
  return answer;
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await request("GET", `/api/v1${path}`, signal === undefined ? {} : { signal });
  return (await answer.json()) as T;
}

async function page(path: string, signal?: AbortSignal): Promise<ResultPage> {
  const answer = await request("GET", `/api/v1${path}`, signal === undefined ? {} : { signal });
  return JSON.parse(exactNumbers(await answer.text())) as ResultPage;
}

const part = encodeURIComponent;

/** What a list of jobs is narrowed to. */
export interface JobFilter {
  state?: string;
  kind?: string;
  owner?: string;
  name?: string;
  cursor?: string;
  limit?: number;
}

export const api = {
  me: () => get<Me>("/me"),
  cluster: () => get<Cluster>("/cluster"),
  usage: () => get<Usage>("/cluster/usage"),
  job: (id: string, signal?: AbortSignal) => get<Job>(`/jobs/${part(id)}`, signal),
  jobs: (filter: JobFilter) => {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(filter)) {
      if (value !== undefined && value !== "") {
        query.set(key, String(value));
      }
    }
    return get<JobList>(`/jobs?${query}`);
  },
  input: async (id: string) => (await request("GET", `/api/v1/jobs/${part(id)}/input`, { accept: "text/plain" })).text(),
  query: async (query: Query): Promise<Job> => {
    // The key keeps what a browser or a proxy sends twice one job. Pages that came without TLS have no randomUUID.
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const headers = { "Idempotency-Key": key };
    return (await (await request("POST", "/api/v1/queries", { body: query, headers })).json()) as Job;
  },
  sessions: async () => (await get<{ sessions: Session[] }>("/sessions")).sessions,
  beginSession: async (name: string, settings: Record<string, string>): Promise<Session> =>
    (await (await request("POST", "/api/v1/sessions", { body: { name, settings } })).json()) as Session,
  endSession: async (name: string): Promise<void> => {
    await request("DELETE", `/api/v1/sessions/${part(name)}`);
  },
  cancel: async (id: string): Promise<Job> => (await (await request("POST", `/api/v1/jobs/${part(id)}/cancel`)).json()) as Job,
  remove: async (id: string): Promise<void> => {
    await request("DELETE", `/api/v1/jobs/${part(id)}`);
  },
  results: (id: string, result: number, offset: number, limit: number, signal?: AbortSignal) =>
    page(`/jobs/${part(id)}/results?result=${result}&format=json&offset=${offset}&limit=${limit}`, signal),
  catalogs: async () => (await get<{ catalogs: string[] }>("/catalogs")).catalogs,
  schemas: async (catalog: string) => (await get<{ schemas: string[] }>(`/catalogs/${part(catalog)}/schemas`)).schemas,
  tables: async (catalog: string, schema: string) =>
    (await get<{ tables: TableName[] }>(`/catalogs/${part(catalog)}/schemas/${part(schema)}/tables`)).tables,
  columns: async (catalog: string, schema: string, table: string) =>
    (await get<{ columns: TableColumn[] }>(`/catalogs/${part(catalog)}/schemas/${part(schema)}/tables/${part(table)}`)).columns,
  definition: async () => (await request("GET", "/openapi.yaml", { accept: "*/*" })).text(),
  signOut: async () => {
    await request("POST", "/sign-out");
  },
};

/** Formats a result can be downloaded in, and the ends of their files' names. */
export const FORMATS: readonly { format: string; label: string; suffix: string }[] = [
  { format: "csv", label: "CSV", suffix: "csv" },
  { format: "tsv", label: "TSV", suffix: "tsv" },
  { format: "json", label: "JSON", suffix: "json" },
  { format: "jsonl", label: "JSON lines", suffix: "jsonl" },
  { format: "arrow", label: "Arrow", suffix: "arrows" },
  { format: "parquet", label: "Parquet", suffix: "parquet" },
  { format: "text", label: "Text", suffix: "txt" },
];

/** Saves the first rows of a result as a file. The token goes in a header, so that a plain link would not do. */
export async function download(id: string, result: number, rows: number, format: string, suffix: string): Promise<void> {
  const limit = Math.max(1, rows);
  const answer = await request("GET", `/api/v1/jobs/${part(id)}/results?result=${result}&format=${format}&offset=0&limit=${limit}`, {
    accept: "*/*",
  });
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `${id}-${result + 1}.${suffix}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Sends a form; fetch does not tell how much of it has gone. */
export function upload(form: FormData, onProgress: (sent: number, total: number) => void, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", "/api/v1/applications");
    for (const [name, value] of Object.entries(headersFor("POST"))) {
      sending.setRequestHeader(name, value);
    }
    sending.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    sending.onload = () => {
      if (sending.status >= 200 && sending.status < 300) {
        resolve(JSON.parse(sending.responseText) as Job);
      } else {
        reject(failure(sending.status, sending.responseText, sending.getResponseHeader("Retry-After")));
      }
    };
    sending.onerror = () => reject(new ApiError(0, "The gateway can't be reached."));
    sending.onabort = () => reject(new ApiError(0, "The upload was stopped."));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}

/** One event of a stream: its name, data and id. */
interface StreamEvent {
  event: string;
  data: string;
  id?: string;
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    rest += value;
    let end = rest.search(/\r?\n\r?\n/);
    while (end >= 0) {
      const block = rest.slice(0, end);
      rest = rest.slice(end).replace(/^\r?\n\r?\n/, "");
      const data: string[] = [];
      const found: StreamEvent = { event: "message", data: "" };
      for (const line of block.split(/\r?\n/)) {
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const content = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data") {
          data.push(content);
        } else if (field === "event") {
          found.event = content;
        } else if (field === "id") {
          found.id = content;
        }
      }
      found.data = data.join("\n");
      if (data.length > 0 || found.event !== "message") {
        yield found;
      }
      end = rest.search(/\r?\n\r?\n/);
    }
  }
}

/**
 * A log from its beginning until the job is over. A stream that breaks is taken up again behind the last line that came.
 * EventSource can't send the token, so this reads the stream itself.
 */
export async function* follow(id: string, stream: "output" | "log", signal: AbortSignal): AsyncGenerator<string> {
  let offset = "0";
  let pause = 500;
  while (!signal.aborted) {
    try {
      const answer = await request("GET", `/api/v1/jobs/${part(id)}/log?stream=${stream}&offset=${offset}`, {
        accept: "text/event-stream",
        signal,
      });
      if (answer.body !== null) {
        for await (const found of events(answer.body)) {
          pause = 500;
          if (found.event === "end") {
            return;
          }
          offset = found.id ?? offset;
          yield found.data;
        }
      }
    } catch (problem) {
      if (signal.aborted) {
        return;
      }
      if (problem instanceof ApiError && problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
        throw problem;
      }
    }
    await new Promise((go) => setTimeout(go, pause));
    pause = Math.min(pause * 2, 10_000);
  }
}

"""The gateway's API on loopback, with data that look real: a cluster, jobs in every state, a result of a million rows.

The page itself comes from a real gateway where PAGE_FROM names one, headers included; otherwise from the folder of the build.
"""

import csv
import datetime
import hashlib
import io
import json
import os
import pathlib
import re
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "a-token-for-tests"
HOOKS = "hooks.example.org"
PAGE = pathlib.Path(os.environ.get("PAGE_FOLDER", "target/classes/io/sparkappliance/gateway/web"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
GIB = 1024**3
ROWS = 1_000_000
CARRIERS = ["United Air Lines", "JetBlue", "Delta", "American", "Envoy Air", "Southwest", "Hawaiian"]


def moment(seconds_ago=0.0):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Query:
    """What a script answers, by a word in it."""

    def __init__(self, sql):
        self.sql = sql
        self.seconds = 30.0 if "slow" in sql else 0.4
        self.error = None
        if "carrier" in sql:
            self.columns = [("carrier", "string"), ("flights", "bigint"), ("mean_delay", "double"), ("note", "string")]
            self.rows = len(CARRIERS)
            self.row = lambda at: [CARRIERS[at], (at * 37 + 11) * 1000, round(at * 1.7 - 2, 2), None]
        elif "million" in sql:
            self.columns = [("id", "bigint"), ("name", "string"), ("amount", "decimal(10,2)"), ("day", "date")]
            self.rows = ROWS
            self.row = lambda at: [at, f"customer {at:06d}", f"{at % 10_000}.50", f"2024-{at % 12 + 1:02d}-{at % 28 + 1:02d}"]
        elif "exact" in sql:
            self.columns = [("id", "bigint"), ("amount", "decimal(38,0)"), ("ids", "array<bigint>"), ("text", "string")]
            self.rows = 1
            self.row = lambda at: [9007199254740993, -12345678901234567890123, [-9007199254740995], '"1234567890123456789"']
        elif "wrong" in sql:
            self.error = {
                "message": "The table or view `wrong` cannot be found. Check its spelling, and that its schema is the current one.",
                "error_class": "TABLE_OR_VIEW_NOT_FOUND",
                "sql_state": "42P01",
                "line": 2,
                "position": 14,
            }
            self.columns, self.rows, self.row = [], 0, None
        else:
            self.columns, self.rows, self.row = [("answer", "int")], 1, lambda at: [42]


class State:
    """Everything the fake remembers; one of these serves all requests."""

    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = {}
        self.scripts = {}
        self.uploads = []
        self.requests = []
        self.keys = []
        self.queries = []
        self.sessions = {}
        self.breaks = 0
        self.receiver_is_busy = False
        for number, state in enumerate(["succeeded", "failed", "cancelled", "lost", "queued"]):
            self.old(number, state)

    def old(self, number, state):
        job = self.new("application" if number % 2 else "sql", f"nightly report {number}", "ann")
        job.update(state=state, submitted_at=moment(3600 * (number + 1)))
        if state != "queued":
            job.update(started_at=moment(3600 * (number + 1) - 3), finished_at=moment(3600 * (number + 1) - 130))
        if state == "failed":
            job["error"] = {"message": "Exit code 1: the end of the log says why.", "error_class": "EXIT"}
        if job["kind"] == "sql":
            self.scripts[job["id"]] = Query("select carrier, count(*) as flights from flights group by carrier")
            self.finish_results(job)

    def new(self, kind, name, owner="me", webhook=None):
        with self.lock:
            job = {
                "id": hashlib.md5(f"{len(self.jobs)}".encode()).hexdigest(),
                "kind": kind,
                "name": name,
                "owner": owner,
                "state": "starting",
                "submitted_at": moment(),
                "node": "10.0.0.7",
                "attempt": 1,
                "max_attempts": 1,
            }
            if webhook:
                job["webhook"] = {"host": HOOKS, "state": "waiting", "event_id": job["id"], "attempts": 0}
                job["_webhook"] = webhook
            self.jobs[job["id"]] = job
            return job

    def tell(self, job):
        """How far a receiver has been told of a job that is over; its address says what it answers."""
        told = job["webhook"]
        if job["_webhook"].endswith("/gone"):
            told.update(state="failed", attempts=1, trouble="answered 410: it wants no more messages")
        elif job["_webhook"].endswith("/busy") and self.receiver_is_busy:
            told.update(state="pending", attempts=1, trouble="answered 503", next_attempt_at=moment(-5))
        elif told["state"] != "delivered":
            told.update(state="delivered", attempts=told["attempts"] + 1)
            for key in ("trouble", "next_attempt_at"):
                told.pop(key, None)

    def finish_results(self, job):
        query = self.scripts[job["id"]]
        if job["state"] == "succeeded":
            columns = [{"name": name, "type": kind} for name, kind in query.columns]
            job["results"] = [{"columns": columns, "rows": query.rows}]

    def advance(self, job):
        """The job as it is by now."""
        if job.get("_over") and "webhook" in job:
            self.tell(job)
        since = job.get("_since")
        if since is None or job["state"] in ("succeeded", "failed", "cancelled"):
            return
        passed = time.monotonic() - since
        query = self.scripts.get(job["id"])
        length = query.seconds if query else 3.0
        if passed < 0.1:
            return
        job.setdefault("started_at", moment())
        job.setdefault("spark_application_id", "app-20260105120000-0007")
        job.setdefault("ui_url", "/ui/pages/pass/proxy/app-20260105120000-0007/")
        job.setdefault("spark_ui_url", "http://10.0.0.7:4040")
        share = min(1.0, passed / length)
        job.update(
            state="running",
            progress={
                "stages_done": int(share * 3),
                "stages_total": 3,
                "tasks_done": int(share * 200),
                "tasks_total": 200,
                "percent": int(share * 100),
            },
        )
        if passed >= length:
            for key in ("progress", "ui_url", "spark_ui_url"):
                job.pop(key)
            job["finished_at"] = moment()
            job["_over"] = True
            job["state"] = "failed" if query and query.error else "succeeded"
            if query and query.error:
                job["error"] = query.error
            if query:
                self.finish_results(job)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_):
        pass

    # Answers

    def send(self, status, body, kind="application/json", headers=()):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, status, value, headers=()):
        self.send(status, json.dumps(value), headers=headers)

    def error(self, status, sentence, **more):
        headers = [("Retry-After", str(more.pop("retry_after")))] if "retry_after" in more else []
        self.json(status, {"error": sentence, **more}, headers)

    # Requests

    def do_GET(self):
        self.route("GET")

    def do_POST(self):
        self.route("POST")

    def do_DELETE(self):
        self.route("DELETE")

    def route(self, method):
        address = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(address.query))
        self.state.requests.append((method, self.path))
        length = int(self.headers.get("Content-Length") or 0)
        self.body = b""
        while len(self.body) < length:
            # Slowly, so that an upload has progress to show.
            self.body += self.rfile.read(min(512 * 1024, length - len(self.body)))
            if length > 4 * 1024 * 1024:
                time.sleep(0.05)
        path = urllib.parse.unquote(address.path)
        if method == "POST" and path == "/sign-out":
            return self.send(204, b"", "text/plain")
        if not path.startswith("/api/"):
            return self.page(path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.error(401, "A token is needed.", sign_in="token")
        for wanted, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path.removeprefix("/api/v1"))
            if found and method == wanted:
                return answer(self, *found.groups())
        return self.error(404, "There is no such call.")

    def page(self, path):
        upstream = os.environ.get("PAGE_FROM")
        if upstream:
            try:
                with urllib.request.urlopen(upstream + path) as answer:
                    kept = ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options")
                    headers = [(name, answer.headers[name]) for name in kept if answer.headers[name]]
                    return self.send(200, answer.read(), answer.headers["Content-Type"], headers)
            except urllib.error.HTTPError as refused:
                return self.send(refused.code, refused.read(), refused.headers["Content-Type"] or "text/plain")
        headers = [("Content-Security-Policy", POLICY)]
        if path in ("/", "/ui"):
            return self.send(200, (PAGE / "index.html").read_bytes(), "text/html;charset=utf-8", headers)
        if path == "/openapi.yaml":
            return self.send(200, pathlib.Path("src/main/resources/openapi.yaml").read_bytes(), "application/yaml")
        file = PAGE / pathlib.PurePath(path).name
        types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
        if path.startswith("/ui/assets/") and file.is_file():
            return self.send(200, file.read_bytes(), types[file.suffix] + ";charset=utf-8", headers)
        return self.error(404, "There is nothing here.")

    def me(self):
        self.json(200, {"name": "ann", "role": "user", "sign_in": "token", "can_sign_out": False, "webhooks": True})

    def cluster(self):
        workers = [
            {
                "id": f"worker-{n}",
                "host": f"10.0.0.{10 + n}",
                "state": "ALIVE",
                "cores": 16,
                "cores_used": 4 * n,
                "memory": 60 * GIB,
                "memory_used": 13 * n * GIB,
                "ui_url": f"/ui/pages/pass/proxy/worker-{n}/",
            }
            for n in range(4)
        ]
        applications = [
            {
                "id": "app-1",
                "name": "Spark SQL server",
                "user": "spark",
                "cores": 16,
                "state": "RUNNING",
                "submitted_at": moment(90_000),
                "duration_seconds": 90_000,
                "ui_url": "/ui/pages/pass/proxy/app-1/",
            },
            {
                "id": "app-2",
                "name": "flights_report.py",
                "user": "ann",
                "cores": 8,
                "state": "RUNNING",
                "submitted_at": moment(125),
                "duration_seconds": 125,
                "ui_url": "/ui/pages/pass/proxy/app-2/",
            },
        ]
        self.json(
            200,
            {
                "leader": "10.0.0.7",
                "masters": [{"host": "10.0.0.7", "status": "ALIVE"}, {"host": "10.0.0.8", "status": "STANDBY"}],
                "workers": workers,
                "applications": applications,
                "cores": 64,
                "cores_used": 24,
                "memory": 240 * GIB,
                "memory_used": 78 * GIB,
                "links": {
                    "master_page": "/ui/proxy/pass/",
                    "history": "/ui/pages/pass/",
                    "master": "spark://10.0.0.7:7077,10.0.0.8:7077",
                    "thrift": "jdbc:hive2://10.0.0.7:10000/",
                    "connect": "sc://10.0.0.7:15002/",
                },
            },
        )

    def usage(self):
        samples = [
            {
                "at": moment((359 - n) * 10),
                "cores": 64,
                "cores_used": (n // 6) % 50,
                "memory": 240 * GIB,
                "memory_used": ((n // 9) % 200) * GIB,
                "running": (n // 40) % 5,
                "queued": (n // 70) % 3,
            }
            for n in range(360)
        ]
        self.json(200, {"interval_seconds": 10, "samples": samples})

    def public(self, job):
        self.state.advance(job)
        return {key: value for key, value in job.items() if not key.startswith("_")}

    def jobs(self):
        wanted = [self.public(job) for job in reversed(list(self.state.jobs.values()))]
        for key in ("state", "kind", "owner"):
            if key in self.query:
                wanted = [job for job in wanted if job[key] == self.query[key]]
        if "name" in self.query:
            wanted = [job for job in wanted if self.query["name"] in job["name"]]
        wanted.sort(key=lambda job: job["submitted_at"], reverse=True)
        first, limit = int(self.query.get("cursor", 0)), int(self.query.get("limit", 50))
        answer = {"jobs": [{k: v for k, v in job.items() if k not in ("results", "progress")} for job in wanted[first : first + limit]]}
        if first + limit < len(wanted):
            answer["next_cursor"] = str(first + limit)
        self.json(200, answer)

    def known(self, name):
        job = self.state.jobs.get(name)
        if job is None:
            self.error(404, "There is no such job, or it is somebody else's.")
        return job

    def job(self, name):
        job = self.known(name)
        if job:
            self.json(200, self.public(job))

    def send_query(self):
        query = json.loads(self.body)
        sql = query["sql"]
        unknown = query.keys() - {"sql", "name", "params", "settings", "session", "max_attempts", "time_limit_seconds", "webhook"}
        assert not unknown, unknown
        unused = [name for name in query.get("params", {}) if f":{name}" not in sql]
        if unused:
            return self.problems([(f"params.{unused[0]}", f"is used nowhere: the SQL has no marker :{unused[0]}")])
        if not self.may_tell(query):
            return self.problems([self.WEBHOOK])
        if "session" in query and query.get("max_attempts", 1) > 1:
            return self.problems([("max_attempts", "has to be 1 in a session")])
        if "busy" in sql:
            return self.error(503, "Too many jobs wait.", retry_after=7)
        self.state.keys.append(self.headers.get("Idempotency-Key"))
        self.state.queries.append(query)
        if "session" in query:
            self.state.sessions.setdefault(query["session"], self.session_named(query["session"]))
        job = self.state.new("sql", query.get("name", "query"), webhook=query.get("webhook"))
        self.state.scripts[job["id"]] = Query(sql)
        job["_since"] = time.monotonic()
        self.json(202, self.public(job), [("Location", f"/api/v1/jobs/{job['id']}")])

    WEBHOOK = ("webhook", "has a host or a port that may not be told here (the operator's setting WEBHOOK_HOSTS)")

    def may_tell(self, request):
        return request.get("webhook", f"https://{HOOKS}/").startswith(f"https://{HOOKS}/")

    def problems(self, found):
        told = [{"field": field, "reason": reason} for field, reason in found]
        more = {"problems": told} if len(told) > 1 else {}
        self.error(400, f"The field {told[0]['field']} {told[0]['reason']}.", **told[0], **more)

    def session_named(self, name):
        return {"name": name, "owner": "ann", "created_at": moment(60), "last_used_at": moment(60), "busy": False}

    def sessions(self):
        self.json(200, {"sessions": [self.state.sessions[name] for name in sorted(self.state.sessions)]})

    def begin_session(self):
        asked = json.loads(self.body)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", asked["name"]):
            return self.problems([("name", "must have 1 to 64 letters, digits, dots, dashes and underscores")])
        if asked["name"] in self.state.sessions:
            return self.error(409, "You have a session of this name.")
        self.state.sessions[asked["name"]] = self.session_named(asked["name"])
        self.state.queries.append(asked)
        self.json(201, self.state.sessions[asked["name"]])

    def end_session(self, name):
        if self.state.sessions.pop(name, None) is None:
            return self.error(404, "You have no session of this name.")
        self.send(204, b"")

    def submit(self):
        if b'name="spec"' not in self.body:
            return self.problems([("spec", "is missing")])
        spec = json.loads(re.search(rb'name="spec".*?\r\n\r\n(.*?)\r\n--', self.body, re.S).group(1))
        on_worker = spec.get("deploy_mode") == "cluster"
        if on_worker == (b'name="file"' in self.body):
            return self.problems([("file", "is missing" if not on_worker else "can't be sent in cluster mode")])
        unknown = spec.keys() - {
            *("name", "main_class", "arguments", "settings", "packages", "environment"),
            *("max_attempts", "time_limit_seconds", "webhook"),
            *(("deploy_mode", "jar_uri", "supervise") if on_worker else ()),
        }
        assert not unknown, unknown
        wrong = [("environment", f"'{name}' is not among the variables that a job may bring (APP_*)") for name in spec["environment"] if name[:4] != "APP_"]
        wrong += [("settings", f"'{name}' is not among the settings that a job may bring") for name in spec["settings"] if name == "spark.master"]
        wrong += [("packages", f"'{name}' is no coordinate: write group:artifact:version") for name in spec["packages"] if name.count(":") != 2]
        if on_worker and not re.match(r"local:/|(s3a|hdfs|https?)://", spec["jar_uri"]):
            wrong.append(("jar_uri", "is nothing that every worker can read"))
        if not self.may_tell(spec):
            wrong.append(self.WEBHOOK)
        if wrong:
            return self.problems(wrong)
        files = re.findall(rb'name="(\w+)"; filename="([^"]+)"', self.body)
        self.state.uploads.append((spec, len(self.body), [(part.decode(), name.decode()) for part, name in files]))
        job = self.state.new("application", spec.get("name") or "program", webhook=spec.get("webhook"))
        job["_since"] = time.monotonic()
        if on_worker:
            job["driver_id"] = "driver-20260105120000-0003"
        self.json(202, self.public(job))

    def cancel(self, name):
        job = self.known(name)
        if job:
            self.state.advance(job)
            if job["state"] in ("succeeded", "failed", "cancelled", "lost"):
                return self.error(409, "The job is over already.")
            for key in ("progress", "ui_url", "spark_ui_url"):
                job.pop(key, None)
            job.update(state="cancelled", finished_at=moment())
            self.json(202, self.public(job))

    def remove(self, name):
        if self.known(name):
            del self.state.jobs[name]
            self.send(204, b"")

    def input(self, name):
        if self.known(name):
            query = self.state.scripts.get(name)
            self.send(200, query.sql if query else "program.py", "text/plain;charset=utf-8")

    def results(self, name):
        if not self.known(name):
            return
        query = self.state.scripts[name]
        first = int(self.query.get("offset", 0))
        last = min(query.rows, first + int(self.query.get("limit", 1000)))
        form = self.query.get("format", "json")
        if form == "json":
            self.json(
                200,
                {
                    "columns": [{"name": column, "type": kind} for column, kind in query.columns],
                    "rows": [query.row(at) for at in range(first, last)],
                    "offset": first,
                    "total_rows": query.rows,
                    "complete": True,
                },
            )
        else:
            text = io.StringIO()
            writer = csv.writer(text, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
            writer.writerow([column for column, _ in query.columns])
            writer.writerows(query.row(at) for at in range(first, last))
            self.send(200, text.getvalue(), "application/octet-stream" if form in ("arrow", "parquet") else "text/csv;charset=utf-8")

    def log(self, name):
        """Forty lines; a connection breaks once in their middle."""
        job = self.known(name)
        if not job:
            return
        offset = int(self.query.get("offset", 0))
        if "text/event-stream" not in self.headers.get("Accept", ""):
            return self.send(200, "", "text/plain")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        at = 0
        for number in range(40):
            line = f"{self.query.get('stream')} line {number} of the job"
            at += len(line) + 1
            if at <= offset:
                continue
            if number == 20 and offset == 0:
                self.state.breaks += 1
                return
            self.wfile.write(f"id: {at}\ndata: {line}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"event: end\ndata: \n\n")

    def catalogs(self):
        self.json(200, {"catalogs": ["spark_catalog", "lake"]})

    def schemas(self, _):
        self.json(200, {"schemas": ["default", "flights"]})

    def tables(self, *_):
        self.json(200, {"tables": [{"name": "flights", "kind": "TABLE"}, {"name": "odd name", "kind": "VIEW"}]})

    def columns(self, *_):
        columns = [
            {"name": "carrier", "type": "string", "comment": "two letters", "nullable": False},
            {"name": "dep_delay", "type": "double"},
        ]
        self.json(200, {"columns": columns})


ROUTES = [
    ("GET", r"/me", Handler.me),
    ("GET", r"/cluster", Handler.cluster),
    ("GET", r"/cluster/usage", Handler.usage),
    ("POST", r"/queries", Handler.send_query),
    ("GET", r"/sessions", Handler.sessions),
    ("POST", r"/sessions", Handler.begin_session),
    ("DELETE", r"/sessions/([^/]+)", Handler.end_session),
    ("POST", r"/applications", Handler.submit),
    ("GET", r"/jobs", Handler.jobs),
    ("GET", r"/jobs/([^/]+)", Handler.job),
    ("DELETE", r"/jobs/([^/]+)", Handler.remove),
    ("POST", r"/jobs/([^/]+)/cancel", Handler.cancel),
    ("GET", r"/jobs/([^/]+)/input", Handler.input),
    ("GET", r"/jobs/([^/]+)/results", Handler.results),
    ("GET", r"/jobs/([^/]+)/log", Handler.log),
    ("GET", r"/catalogs", Handler.catalogs),
    ("GET", r"/catalogs/([^/]+)/schemas", Handler.schemas),
    ("GET", r"/catalogs/([^/]+)/schemas/([^/]+)/tables", Handler.tables),
    ("GET", r"/catalogs/([^/]+)/schemas/([^/]+)/tables/([^/]+)", Handler.columns),
]


def start():
    """A server on a free port of loopback, and what it remembers."""
    state = State()
    handler = type("FakeGateway", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, state

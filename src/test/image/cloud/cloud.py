"""What an instance on EC2 sees of AWS, for tests: its metadata service (version 2 only, with a role
whose credentials are soon others), S3 behind a gate that lets in those that have not expired, and of
auto-scaling what ends instances.

    cloud.py ROLE SECONDS S3_HOST S3_PORT [MILLISECONDS]

S3 answers so many milliseconds later than it could. Other credentials after so many seconds; the ones
before expire 75 seconds later: a minute before the end AWS's SDK asks for new ones, which then must have
more than that left.

1338: metadata service; 9000: S3; 9001: auto-scaling. What a test wants to know, to break or to have in the
metadata (tags, notices): /_test/… on 1338."""

import base64
import http.client
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROLE, ROTATION, S3 = sys.argv[1], int(sys.argv[2]), (sys.argv[3], int(sys.argv[4]))
DELAY = float((sys.argv[5:] or ["0"])[0]) / 1000
LIFETIME = ROTATION + 75
# Signed just before the end, arrived just after.
GRACE = 3
FAULTS = {"500": "InternalError", "503": "SlowDown", "expired": "ExpiredToken", "slow": "", "reset": ""}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


class Role:
    """Credentials of the moment; one generation follows another."""

    def __init__(self):
        self.lock = threading.Lock()
        self.issued = []

    def current(self):
        with self.lock:
            now = time.time()
            if not self.issued or self.issued[-1]["end"] - now <= LIFETIME - ROTATION:
                self.issued.append(
                    {
                        "key": "ASIA" + base64.b32encode(os.urandom(10)).decode(),
                        "secret": base64.b64encode(os.urandom(30)).decode(),
                        "token": base64.b64encode(os.urandom(60)).decode(),
                        "end": now + LIFETIME,
                    }
                )
            return self.issued[-1]

    def lets_in(self, key, token):
        with self.lock:
            return any(
                one["key"] == key and one["token"] == token and one["end"] + GRACE > time.time()
                for one in self.issued
            )


class State:
    """What happened, and what is to break."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}
        self.refused = []
        self.away_until = 0.0
        # How S3 fails (one of FAULTS), for how many seconds, and until when: they begin with the first request.
        self.fault, self.fault_lasts, self.fault_ends = "", 0.0, None
        # Name of its stack for an instance's address.
        self.stacks = {}
        # By path below /latest/: tags and notices, as a test puts them there.
        self.metadata = {}
        self.scaling = []

    def begin(self, fault, seconds):
        with self.lock:
            self.fault, self.fault_lasts, self.fault_ends = fault, seconds, None

    def fault_of_request(self):
        with self.lock:
            if self.fault_ends is None:
                self.fault_ends = time.time() + self.fault_lasts
            return self.fault if time.time() < self.fault_ends else ""

    def count(self, kind):
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1


role, state, tokens = Role(), State(), set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", kind="text/plain"):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


class Metadata(Handler):
    def do_PUT(self):
        if time.time() < state.away_until:
            self.close_connection = True
            return
        if self.path == "/latest/api/token":
            token = base64.b64encode(os.urandom(20)).decode()
            tokens.add(token)
            self.answer(200, token)
        else:
            self.answer(404)

    def do_POST(self):
        what, _, rest = self.path.removeprefix("/_test/").partition("/")
        if what == "away":
            state.away_until = time.time() + float(rest)
        elif what == "stack":
            address, _, name = rest.partition("/")
            state.stacks[address] = name
        elif what in FAULTS:
            state.begin(what, float(rest))
        elif what == "put":
            state.metadata[rest] = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        elif what == "remove":
            state.metadata.pop(rest, None)
        self.answer(204)

    def do_GET(self):
        if self.path == "/_test/state":
            self.answer(
                200,
                json.dumps(
                    {
                        "generations": len(role.issued),
                        "refused": state.refused,
                        "requests": state.counts,
                        "scaling": state.scaling,
                    }
                ),
            )
        elif time.time() < state.away_until:
            self.close_connection = True
        elif self.headers.get("X-aws-ec2-metadata-token") not in tokens:
            self.answer(401)
        else:
            self.metadata(self.path.rstrip("/").removeprefix("/latest/"))

    def metadata(self, path):
        # Newer clients ask for an account's name in the answer first, and are content without.
        path = path.replace("credentials-extended", "credentials")
        if path in state.metadata:
            self.answer(200, state.metadata[path])
        elif path == "meta-data/iam/security-credentials":
            self.answer(200, ROLE)
        elif path == "meta-data/iam/security-credentials/" + ROLE:
            now = role.current()
            end = datetime.fromtimestamp(now["end"], timezone.utc)
            self.answer(
                200,
                json.dumps(
                    {
                        "Code": "Success",
                        "Type": "AWS-HMAC",
                        "AccessKeyId": now["key"],
                        "SecretAccessKey": now["secret"],
                        "Token": now["token"],
                        "LastUpdated": stamp(end - timedelta(seconds=LIFETIME)),
                        "Expiration": stamp(end),
                    }
                ),
            )
        elif path == "dynamic/instance-identity/document":
            self.answer(
                200,
                json.dumps(
                    {
                        "instanceId": "i-0123456789abcdef0",
                        "privateIp": self.client_address[0],
                        "region": "eu-central-1",
                        "availabilityZone": "eu-central-1a",
                        "accountId": "123456789012",
                    }
                ),
            )
        elif path == "meta-data/tags/instance/aws:cloudformation:stack-name":
            stack = state.stacks.get(self.client_address[0])
            self.answer(200 if stack else 404, stack or "")
        elif path == "meta-data/placement/availability-zone":
            self.answer(200, "eu-central-1a")
        else:
            self.answer(404)


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Gate(Handler):
    """S3, for those whose credentials are the role's."""

    def handle_request(self):
        body = self.body()
        state.count(self.kind())
        time.sleep(DELAY)
        fault = state.fault_of_request()
        if fault:
            state.count(f"{fault} by the test")
            if fault == "slow":
                time.sleep(2)
            elif fault != "reset":
                self.error(400 if fault == "expired" else int(fault), FAULTS[fault])
                return
            elif self.command != "GET":
                self.reset()
                return
        signed = re.search(r"Credential=([^/,]+)/", self.headers.get("Authorization", ""))
        if not signed or not role.lets_in(
            signed.group(1), self.headers.get("X-Amz-Security-Token", "")
        ):
            state.refused.append(f"{self.command} {self.path} {signed and signed.group(1)}")
            self.error(400 if signed else 403, "ExpiredToken" if signed else "AccessDenied")
            return
        if self.path.startswith("/forbidden"):
            self.error(403, "AccessDenied")
            return
        self.forward(body, fault == "reset")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def kind(self):
        path, _, query = self.path.partition("?")
        names = [part.partition("=")[0] for part in query.split("&")]
        for name in ("uploads", "uploadId", "delete", "list-type"):
            if name in names:
                return f"{self.command} {name}"
        if "x-amz-copy-source" in self.headers:
            return "PUT copy"
        return f"{self.command} object" if path.count("/") > 1 else f"{self.command} bucket"

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def forward(self, body, only_half=False):
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP
        }
        headers["Content-Length"] = str(len(body))
        s3 = http.client.HTTPConnection(*S3, timeout=60)
        try:
            s3.request(self.command, self.path, body, headers)
            answer = s3.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP | {"content-length", "date", "server"}:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else len(data)
            if answer.status != 204:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if only_half:
                self.wfile.write(data[: len(data) // 2])
                self.wfile.flush()
                self.reset()
            elif self.command != "HEAD":
                self.wfile.write(data)
        finally:
            s3.close()

    def reset(self):
        # With this, closing sends RST and not FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def error(self, status, code):
        self.answer(
            status,
            f"<Error><Code>{code}</Code><Message>{code} of the test</Message></Error>",
            "application/xml",
        )


class Scaling(Handler):
    """Auto-scaling, for those whose credentials are the role's: every group waits for every hook."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        call = dict(urllib.parse.parse_qsl(body))
        signed = re.search(
            r"Credential=([^/,]+)/[^,]*/autoscaling/aws4_request", self.headers.get("Authorization", "")
        )
        if not signed or not role.lets_in(
            signed.group(1), self.headers.get("X-Amz-Security-Token", "")
        ):
            self.answer(
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
                "text/xml",
            )
            return
        with state.lock:
            state.scaling.append(call)
        action = call.get("Action", "")
        self.answer(200, f"<{action}Response><{action}Result/></{action}Response>", "text/xml")


def serve(port, handler):
    server = ThreadingHTTPServer(("", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()


serve(9000, Gate)
serve(9001, Scaling)
serve(1338, Metadata)
print("serves", flush=True)

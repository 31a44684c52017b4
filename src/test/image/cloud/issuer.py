"""An issuer whose users sign in by a device code, for tests: issuer.py NAME. Whoever asks for the token has to
ask twice, as one does while somebody types the code."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

ISSUER = f"http://{sys.argv[1]}:8080"
asked = []


class Issuer(BaseHTTPRequestHandler):
    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/.well-known/openid-configuration":
            self.answer(
                200,
                {"issuer": ISSUER, "token_endpoint": ISSUER + "/token", "device_authorization_endpoint": ISSUER + "/device"},
            )
        else:
            self.answer(404, {})

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/device":
            self.answer(
                200,
                {
                    "device_code": "hidden-code",
                    "user_code": "WDJB-MJHT",
                    "verification_uri": ISSUER + "/activate",
                    "expires_in": 300,
                    "interval": 1,
                },
            )
        elif "hidden-code" not in form:
            self.answer(400, {"error": "invalid_grant"})
        elif not asked:
            asked.append(form)
            self.answer(400, {"error": "authorization_pending"})
        else:
            self.answer(200, {"access_token": "the.access-token", "token_type": "Bearer"})


server = HTTPServer(("", 8080), Issuer)
print("serves", flush=True)
server.serve_forever()

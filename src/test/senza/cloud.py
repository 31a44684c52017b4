"""As much of AWS as Senza and senza/deploy need, on loopback: moto, with an account laid out as STUPS does it.

    cloud.py

Prints one line of JSON (uri, certificate, subnets by id) and serves until its standard input ends. For tests it also answers:

GET  /_test/stacks           name → template, parameters, outputs, status; none is busy any more
GET  /_test/calls            what was called so far, as service:Operation
GET  /_test/keys/SERVICE     the access keys that this service was called with
POST /_test/fail/RESOURCE    the next stack that is made or updated fails at that resource"""

import json
import os
import re
import sys
import tempfile
import threading
from io import BytesIO
from urllib.parse import parse_qs

REGION = "eu-central-1"
TAUPAGE = {
    "ami_id": "ami-0a1b2c3d4e5f60718",
    "name": "Taupage-AMI-20260101-120000",
    "owner_id": "123456789012",
    "public": False,
    "virtualization_type": "hvm",
    "architecture": "x86_64",
    "state": "available",
    "root_device_type": "ebs",
    "root_device_name": "/dev/sda1",
    "image_location": "123456789012/Taupage-AMI-20260101-120000",
    "image_type": "machine",
    "description": "Taupage",
    "hypervisor": "xen",
    "creation_date": "2026-01-01T12:00:00.000Z",
    "platform": None,
    "sriov": "simple",
}

directory = tempfile.TemporaryDirectory()
images = os.path.join(directory.name, "images.json")
with open(images, "w") as file:
    json.dump([TAUPAGE], file)
# moto reads the first two when it is imported. boto3 asks nobody for credentials, and knows no cloud.
os.environ.update(
    {
        "MOTO_AMIS_PATH": images,
        "MOTO_ACM_VALIDATION_WAIT": "0",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
)

import boto3  # noqa: E402
from moto.cloudformation import models, parsing  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

motos_clean_json, motos_create, motos_update = (
    parsing.clean_json,
    models.Stack.create_resources,
    models.Stack.update,
)


def clean_json(value, resources):
    """AWS::NoValue removes the member of a list that it stands for; moto leaves a null."""
    if isinstance(value, list):
        cleaned = [clean_json(one, resources) for one in value]
        return [one for one in cleaned if one is not None]
    return motos_clean_json(value, resources)


class Progress:
    """A stack is busy until somebody has looked once; then it may have failed, as those of moto never do."""

    def __init__(self):
        self.failing = None
        self.ends = {}

    def create(self, stack):
        motos_create(stack)
        self.begin(stack, "CREATE", "ROLLBACK_COMPLETE")

    def update(self, stack, *arguments, **keywords):
        motos_update(stack, *arguments, **keywords)
        self.begin(stack, "UPDATE", "UPDATE_ROLLBACK_COMPLETE")

    def begin(self, stack, kind, failed):
        resource, self.failing = self.failing, None
        stack.status = kind + "_IN_PROGRESS"
        # Else moto ends it before the first answer.
        stack.verify_readiness = lambda: None
        if resource:
            self.event(stack, kind + "_FAILED", resource)
        self.ends[stack.stack_id] = (stack, failed if resource else kind + "_COMPLETE")

    def end(self):
        for stack, status in self.ends.values():
            if stack.status.endswith("_IN_PROGRESS"):
                stack.status = status
        self.ends.clear()

    @staticmethod
    def event(stack, status, resource):
        stack.events.append(
            models.Event(
                stack_id=stack.stack_id,
                stack_name=stack.name,
                logical_resource_id=resource,
                physical_resource_id="",
                resource_type=stack.template_dict["Resources"][resource]["Type"],
                resource_status=status,
                resource_status_reason="Received 0 SUCCESS signal(s) out of 1.",
                resource_properties=None,
            )
        )


progress = Progress()
parsing.clean_json = clean_json
models.Stack.create_resources = lambda stack: progress.create(stack)
models.Stack.update = lambda stack, *a, **k: progress.update(stack, *a, **k)


class Cloud:
    """moto, what was called of it, and what tests ask."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.calls = set()
        self.keys = set()

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path.startswith("/_test/"):
            body = json.dumps(self.answer(environ["REQUEST_METHOD"], path.split("/")[2:])).encode()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [body]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        called = self.note(environ, body)
        answer = list(self.moto(environ, start_response))
        if called == "cloudformation:DescribeStacks":
            progress.end()
        return answer

    def answer(self, method, words):
        if (method, words) == ("GET", ["stacks"]):
            progress.end()
            return stacks()
        if (method, words) == ("GET", ["calls"]):
            return sorted(self.calls)
        if method == "GET" and words[0] == "keys":
            return sorted(key for key, service in self.keys if service == words[1])
        if method == "POST" and words[0] == "fail":
            progress.failing = words[1]
            return {}
        raise ValueError(words)

    def note(self, environ, body):
        signed = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if not signed:
            return None
        key, service = signed.groups()
        self.keys.add((key, service))
        form = parse_qs(body.decode("utf-8", "replace"))
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        operation = form.get("Action", [target])[0]
        if not operation:
            operation = environ["REQUEST_METHOD"] + " " + environ["PATH_INFO"]
        self.calls.add(service + ":" + operation)
        return service + ":" + operation


def stacks():
    backend = models.cloudformation_backends["123456789012"][REGION]
    return {
        stack.name: {
            "template": stack.template_dict,
            "parameters": {key: str(value) for key, value in stack.parameters.items()},
            "outputs": {one["OutputKey"]: one["OutputValue"] for one in stack.outputs or []},
            "status": stack.status,
            "tags": stack.tags,
        }
        for stack in backend.stacks.values()
    }


class Quiet(WSGIRequestHandler):
    def log_request(self, *arguments):
        pass


def account(uri):
    """Alias, zone, certificate, and subnets with the names that STUPS gives them."""

    def client(service):
        return boto3.client(service, endpoint_url=uri)

    client("iam").create_account_alias(AccountAlias="team-test")
    client("route53").create_hosted_zone(Name="team.example.org.", CallerReference="test")
    ec2 = client("ec2")
    subnets = ec2.describe_subnets()["Subnets"]
    names = {}
    for number, subnet in enumerate(subnets):
        zone = subnet["AvailabilityZone"]
        dmz = ec2.create_subnet(
            VpcId=subnet["VpcId"], CidrBlock=f"172.31.{200 + number}.0/24", AvailabilityZone=zone
        )
        names |= {subnet["SubnetId"]: "internal-" + zone, dmz["Subnet"]["SubnetId"]: "dmz-" + zone}
    for subnet, name in names.items():
        ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": name}])
    certificate = client("acm").request_certificate(DomainName="*.team.example.org")
    return {"uri": uri, "certificate": certificate["CertificateArn"], "subnets": names}


cloud = Cloud()
server = make_server("127.0.0.1", 0, cloud, threaded=True, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
said = account(f"http://127.0.0.1:{server.server_port}")
cloud.calls.clear()
print(json.dumps(said), flush=True)
sys.stdin.read()
server.shutdown()

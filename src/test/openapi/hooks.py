"""What the definition of the API can't say, and a different address for each request."""

import itertools
import re

import schemathesis
from schemathesis.generation import GenerationMode

# The gateway takes no more tokens from an address that has sent fifty wrong ones; it is told to believe this header.
addresses = itertools.count(1)

# Fields whose values can be as the definition wants them, and wrong nevertheless.
BEYOND_SCHEMAS = {
    "sendQuery": r"file|hive_vars|hive_confs|username|password",
    "submitApplication": r"file|main_class|job_args|job_settings",
    # (More attempts than one don't go together with a session; which hosts may be told is the operator's: none here.)
    "submitQuery": r"sql|max_attempts|webhook|(params|settings)(\..*)?",
    "submitApplicationJson": r"file|jars|files|py_files|spec|body|main_class|deploy_mode|jar_uri|supervise|arguments|packages|webhook|(settings|environment)(\..*)?",
    "createSession": r"settings(\..*)?",
    "listJobs": r"cursor",
}


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(addresses)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@schemathesis.deserializer("text/plain")
def text(context, response):
    """The id of a job is one: what follows from a submission needs it."""
    return response.text


@schemathesis.check
def only_what_no_schema_tells_is_refused(context, response, case):
    fields = BEYOND_SCHEMAS.get(case.operation.definition.raw.get("operationId"))
    if fields and response.status_code == 400 and case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        field = response.json()["field"]
        assert re.fullmatch(fields, field, re.DOTALL), f"a schema can tell what is wrong with {field}"


@schemathesis.check
def only_a_failed_job_is_a_server_error(context, response, case):
    operation = case.operation.definition.raw.get("operationId")
    if response.status_code != 500:
        return
    if operation == "getJobStatus":
        assert response.json().get("status") == "failed"
    elif operation == "getJobOutput":
        assert response.text.startswith("Job failed!\n") or "job_id" in response.json()

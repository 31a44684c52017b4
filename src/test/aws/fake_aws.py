"""AWS for the tests of the templates: moto on loopback, and what it lacks for them.

    fake_aws.py PORT
"""

import sys

from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet
from moto.ec2.models.vpcs import VPCBackend
from moto.server import main

resolve = parsing.clean_json


def without_gaps(value, resources):
    """Items of lists that are AWS::NoValue are no items; moto's own leaves them as None."""
    resolved = resolve(value, resources)
    if isinstance(resolved, list):
        return [item for item in resolved if item is not None]
    return resolved


update = parsing.parse_and_update_resource


def updated(name, resource, resources, **where):
    """What a condition leaves out is not there to be updated."""
    condition = resource.get("Condition")
    if condition and not resources.lazy_condition_map[condition]:
        return None
    return update(name, resource, resources, **where)


delete_vpc = VPCBackend.delete_vpc


def delete_network(backend, vpc):
    """Route tables stay when their stack goes, and then hold the network."""
    for table in backend.describe_route_tables(filters={"vpc-id": vpc}):
        if not table.main_association_id:
            backend.route_tables.pop(table.id)
    return delete_vpc(backend, vpc)


known = parsing.ResourceMap.parse_ssm_parameter


def looked_up(resources, value, kind):
    """Of a previous value moto keeps what it found, not the name."""
    return value if value.startswith("ami-") else known(resources, value, kind)


def apply(change_set):
    """As without a change set; moto's own leaves the stack without outputs."""
    stack = change_set.stack
    if change_set.change_set_type == "UPDATE":
        # Of previous lists it keeps the items.
        parameters = {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in change_set.parameters.items()
        }
        stack.update(change_set.template, parameters=parameters)
        return
    stack.template = change_set.template
    stack._parse_template()
    stack.parameters = change_set.parameters
    stack.resource_map = stack._create_resource_map()
    stack.output_map = stack._create_output_map()
    stack.create_resources()


parsing.clean_json = without_gaps
parsing.parse_and_update_resource = updated
parsing.ResourceMap.parse_ssm_parameter = looked_up
ChangeSet.apply = apply
VPCBackend.delete_vpc = delete_network
main(["--host", "127.0.0.1", "--port", sys.argv[1]])

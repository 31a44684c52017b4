"""Puts stacks into moto, for tests of who is found in them.

    stacks.py ENDPOINT KIND STACK [PORT]

KIND is the thing that tells who is in the stack. Prints a JSON object: the private addresses of the
members that count ("members") and the ids of their instances ("instances"). Of three instances one
is out of service."""

import json
import sys

import boto3

endpoint, kind, stack = sys.argv[1:4]
port = int(sys.argv[4]) if len(sys.argv) > 4 else 7077


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


ec2 = client("ec2")


def instances(number, tags=()):
    made = ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=number,
        MaxCount=number,
        InstanceType="m5.large",
        TagSpecifications=[{"ResourceType": "instance", "Tags": list(tags)}] if tags else [],
    )["Instances"]
    return [(one["InstanceId"], one["PrivateIpAddress"]) for one in made]


def create(resources):
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in client("cloudformation").list_stack_resources(StackName=stack)[
            "StackResourceSummaries"
        ]
    }


def balancer():
    elb = client("elb")
    elb.create_load_balancer(
        LoadBalancerName=stack,
        Listeners=[{"Protocol": "tcp", "LoadBalancerPort": port, "InstancePort": port}],
        AvailabilityZones=["eu-central-1a"],
    )
    made = instances(3)
    elb.register_instances_with_load_balancer(
        LoadBalancerName=stack, Instances=[{"InstanceId": one} for one, _ in made]
    )
    ec2.stop_instances(InstanceIds=[made[2][0]])
    return made[:2]


def targets():
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"Protocol": "HTTP", "Port": port, "VpcId": vpc},
    }
    other = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"Protocol": "HTTP", "Port": 8000, "VpcId": vpc},
    }
    made = create({"Masters": group, "Gateways": other})
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name=stack[:20] + "-alb", Subnets=subnets)["LoadBalancers"][0]
    for listening, name in ((port, "Masters"), (8000, "Gateways")):
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=listening,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": made[name]}],
        )
    members, gateways = instances(3), instances(1)
    elb.register_targets(TargetGroupArn=made["Masters"], Targets=[{"Id": one} for one, _ in members])
    elb.register_targets(TargetGroupArn=made["Gateways"], Targets=[{"Id": one} for one, _ in gateways])
    ec2.stop_instances(InstanceIds=[members[2][0]])
    return members[:2]


def group():
    made = create(
        {
            "Configuration": {
                "Type": "AWS::AutoScaling::LaunchConfiguration",
                "Properties": {"ImageId": "ami-12345678", "InstanceType": "m5.large"},
            },
            "Nodes": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {
                    "AvailabilityZones": ["eu-central-1a"],
                    "LaunchConfigurationName": {"Ref": "Configuration"},
                    "MinSize": "3",
                    "MaxSize": "3",
                },
            },
        }
    )
    scaling = client("autoscaling")
    ids = [
        one["InstanceId"]
        for one in scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[made["Nodes"]])[
            "AutoScalingGroups"
        ][0]["Instances"]
    ]
    scaling.set_instance_health(InstanceId=ids[0], HealthStatus="Unhealthy")
    found = ec2.describe_instances(InstanceIds=ids[1:])["Reservations"]
    return [
        (one["InstanceId"], one["PrivateIpAddress"]) for some in found for one in some["Instances"]
    ]


def tag():
    made = instances(3, [{"Key": "Name", "Value": stack}])
    ec2.stop_instances(InstanceIds=[made[2][0]])
    return made[:2]


def instance():
    made = create(
        {
            "Node": {
                "Type": "AWS::EC2::Instance",
                "Properties": {"ImageId": "ami-12345678", "InstanceType": "m5.large"},
            }
        }
    )
    one = ec2.describe_instances(InstanceIds=[made["Node"]])["Reservations"][0]["Instances"][0]
    return [(one["InstanceId"], one["PrivateIpAddress"])]


found = {"balancer": balancer, "targets": targets, "group": group, "tag": tag, "instance": instance}[kind]()
print(
    json.dumps(
        {"members": sorted(address for _, address in found), "instances": [one for one, _ in found]}
    )
)

"""Makes containers members of stacks, as moto knows them: instances with the containers' addresses.

    nodes.py ENDPOINT join STACK SUBNET ADDRESS…     members of the stack's auto-scaling group
    nodes.py ENDPOINT leave STACK SUBNET ADDRESS…    no more
    nodes.py ENDPOINT balance NAME SUBNET ADDRESS…   behind a classic load balancer of this name"""

import json
import sys

import boto3

endpoint, what, stack, cidr, *addresses = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


ec2, scaling = client("ec2"), client("autoscaling")


def subnet():
    found = ec2.describe_subnets(Filters=[{"Name": "cidrBlock", "Values": [cidr]}])["Subnets"]
    if found:
        return found[0]["SubnetId"]
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]


def group():
    formation = client("cloudformation")
    if stack not in [one["StackName"] for one in formation.describe_stacks()["Stacks"]]:
        resources = {
            "Configuration": {
                "Type": "AWS::AutoScaling::LaunchConfiguration",
                "Properties": {"ImageId": "ami-12345678", "InstanceType": "m5.large"},
            },
            "Nodes": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {
                    "VPCZoneIdentifier": [subnet()],
                    "LaunchConfigurationName": {"Ref": "Configuration"},
                    "MinSize": "0",
                    "MaxSize": "9",
                },
            },
        }
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
        formation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    made = formation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return next(one["PhysicalResourceId"] for one in made if one["LogicalResourceId"] == "Nodes")


def instances():
    return [
        ec2.run_instances(
            ImageId="ami-12345678",
            MinCount=1,
            MaxCount=1,
            InstanceType="m5.large",
            SubnetId=subnet(),
            PrivateIpAddress=address,
        )["Instances"][0]["InstanceId"]
        for address in addresses
    ]


def join():
    scaling.attach_instances(AutoScalingGroupName=group(), InstanceIds=instances())


def leave():
    found = ec2.describe_instances(
        Filters=[{"Name": "private-ip-address", "Values": addresses}]
    )["Reservations"]
    ids = [one["InstanceId"] for some in found for one in some["Instances"]]
    scaling.detach_instances(
        AutoScalingGroupName=group(), InstanceIds=ids, ShouldDecrementDesiredCapacity=True
    )
    ec2.terminate_instances(InstanceIds=ids)


def balance():
    elb = client("elb")
    elb.create_load_balancer(
        LoadBalancerName=stack,
        Listeners=[{"Protocol": "tcp", "LoadBalancerPort": 2181, "InstancePort": 2181}],
        Subnets=[subnet()],
    )
    elb.register_instances_with_load_balancer(
        LoadBalancerName=stack, Instances=[{"InstanceId": one} for one in instances()]
    )


{"join": join, "leave": leave, "balance": balance}[what]()

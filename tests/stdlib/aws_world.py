"""The AWS of a test: moto's server with a small shop in it, and what of it an inverse must bring back.

Prints two ports: that of AWS, and one that tells the state as JSON. Ends when its input does.
Python, since that is what moto is written in and brings boto3 along."""

import io
import json
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()


def client(name):
    return boto3.client(
        name,
        endpoint_url=f"http://{host}:{port}",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


ecs, ssm, secrets, names = client("ecs"), client("ssm"), client("secretsmanager"), client("route53")
functions, groups, rds, s3, logs, iam = (
    client("lambda"), client("autoscaling"), client("rds"), client("s3"), client("logs"), client("iam"))

# ECS: one service, of one task definition.
ecs.create_cluster(clusterName="shop")
ecs.register_task_definition(
    family="web", containerDefinitions=[{"name": "web", "image": "shop/web:2", "memory": 256, "cpu": 0}])
ecs.create_service(cluster="shop", serviceName="web", taskDefinition="web:1", desiredCount=2)

ssm.put_parameter(Name="/shop/checkout/enabled", Value="true", Type="String")
secrets.create_secret(Name="web-api-key", SecretString="the old key")

zone = names.create_hosted_zone(Name="shop.example", CallerReference="1")["HostedZone"]["Id"].split("/")[-1]
names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
    "Name": "web.shop.example", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "203.0.113.7"}]}}]})

role = iam.create_role(RoleName="run", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as made:
    made.writestr("f.py", "def f(event, context): return 1")
functions.create_function(
    FunctionName="checkout", Runtime="python3.12", Role=role, Handler="f.f", Code={"ZipFile": archive.getvalue()})
functions.publish_version(FunctionName="checkout")
with_more = io.BytesIO()
with zipfile.ZipFile(with_more, "w") as made:
    made.writestr("f.py", "def f(event, context): return 2")
functions.update_function_code(FunctionName="checkout", ZipFile=with_more.getvalue())
functions.publish_version(FunctionName="checkout")
functions.create_alias(FunctionName="checkout", Name="live", FunctionVersion="1")

image = client("ec2").describe_images()["Images"][0]["ImageId"]
groups.create_launch_configuration(LaunchConfigurationName="web", ImageId=image, InstanceType="t3.micro")
groups.create_auto_scaling_group(
    AutoScalingGroupName="web", LaunchConfigurationName="web", MinSize=1, MaxSize=4, DesiredCapacity=2,
    AvailabilityZones=["eu-west-1a"])

rds.create_db_instance(
    DBInstanceIdentifier="shop-db", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=20,
    MasterUsername="shop", MasterUserPassword="not-a-secret")

s3.create_bucket(Bucket="shop-site", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_object(Bucket="shop-site", Key="index.html", Body=b"hello")

logs.create_log_group(logGroupName="/shop/web")


def state():
    service = ecs.describe_services(cluster="shop", services=["web"])["services"][0]
    group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]
    alias = functions.get_alias(FunctionName="checkout", Name="live")
    sets = names.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        "zone": zone,
        "service": [service["taskDefinition"], service["desiredCount"]],
        "parameter": ssm.get_parameter(Name="/shop/checkout/enabled")["Parameter"]["Value"],
        "secret": secrets.get_secret_value(SecretId="web-api-key", VersionStage="AWSCURRENT")["SecretString"],
        "names": {one["Name"]: [one["TTL"], [value["Value"] for value in one["ResourceRecords"]]]
                  for one in sets if one["Type"] == "A"},
        "alias": [alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})],
        "group": [group["MinSize"], group["DesiredCapacity"], group["MaxSize"],
                  sorted(one["ProcessName"] for one in group["SuspendedProcesses"])],
        "class": rds.describe_db_instances()["DBInstances"][0]["DBInstanceClass"],
    }


class Teller(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(state()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


teller = HTTPServer(("127.0.0.1", 0), Teller)
threading.Thread(target=teller.serve_forever, daemon=True).start()
print(port, teller.server_address[1], flush=True)
sys.stdin.read()
server.stop()

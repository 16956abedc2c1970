"""Gives rendered documents to moto's IAM, and compares the trust policy with the AWS CLI's.

accept.py FOLDER ROLEGATE: documents are FOLDER/*.json, one on each line;
ROLEGATE is the program, which renders once more for the cluster that moto made.
"""
import json
import logging
import os
import pathlib
import subprocess
import sys

os.environ.update(
    AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-west-2", MOTO_ACCOUNT_ID="000011112222",
)
import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

folder, rolegate = pathlib.Path(sys.argv[1]), sys.argv[2]
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"

iam = boto3.client("iam")
trusts = identities = 0
for path in sorted(set(folder.glob("*.json")) - set(folder.glob("*.template.json"))):
    for number, line in enumerate(path.read_text().splitlines()):
        document = json.loads(line)
        if "Statement" not in document:
            continue
        name = f"{path.stem}-{number}"
        if "Principal" in document["Statement"][0]:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=line)
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=line)
            assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == document, name
            trusts += 1
        else:
            iam.create_policy(PolicyName=name, PolicyDocument=line)
            empty = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(empty))
            iam.put_role_policy(RoleName=name, PolicyName="rendered", PolicyDocument=line)
            assert iam.get_role_policy(RoleName=name, PolicyName="rendered")["PolicyDocument"] == document, name
            identities += 1
assert trusts >= 4 and identities >= 6, (trusts, identities)

# The CLI's own statement for the same cluster and role.
cluster = boto3.client("eks").create_cluster(
    name="emr", roleArn="arn:aws:iam::000011112222:role/eks", resourcesVpcConfig={},
)["cluster"]
role = iam.create_role(RoleName="Team+A.etl", AssumeRolePolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
))["Role"]
aws = pathlib.Path(sys.executable).parent / "aws"
dry_run = subprocess.run(
    [sys.executable, aws, "emr-containers", "update-role-trust-policy", "--cluster-name", "emr", "--namespace", "spark-a",
     "--role-name", "Team+A.etl", "--dry-run"],
    capture_output=True, text=True, check=False,
)
assert dry_run.returncode == 0, dry_run.stderr
theirs = json.loads(dry_run.stdout)["Statement"][-1]
issuer = cluster["identity"]["oidc"]["issuer"]
rendered = subprocess.run(
    [rolegate, "iam", "render", "execution-role-trust", "--role", role["Arn"], "--cluster-arn", cluster["arn"],
     "--oidc-issuer", issuer, "--namespace", "spark-a"],
    capture_output=True, text=True, check=False,
)
assert rendered.returncode == 0, rendered.stderr
ours = json.loads(rendered.stdout)["Statement"][0]
# What ours adds.
assert ours.pop("Sid") == "EmrOnEksJobs"
audience = ours["Condition"].pop("StringEquals")
assert list(audience.values()) == ["sts.amazonaws.com"], audience
assert ours == theirs, f"ours {ours}\ntheirs {theirs}"
server.stop()

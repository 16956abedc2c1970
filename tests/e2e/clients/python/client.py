"""Says who it is: client.py [profile NAME]."""

import json
import sys

import boto3

profile = sys.argv[2] if sys.argv[1:2] == ["profile"] else None
identity = boto3.Session(profile_name=profile).client("sts").get_caller_identity()
print(json.dumps({"arn": identity["Arn"]}))

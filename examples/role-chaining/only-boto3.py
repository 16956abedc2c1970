"""AWS's guide, case 1: lists objects of another account and sends them to a queue there.

only-boto3.py BUCKET PREFIX QUEUE_URL
"""

import sys

import boto3

bucket_name, prefix, queue_url = sys.argv[1:]

s3 = boto3.client("s3", region_name="us-east-1")
response = s3.list_objects_v2(Bucket=bucket_name, Prefix=prefix)
objects = response.get("Contents", [])

sqs = boto3.client("sqs", region_name="us-east-1")
for obj in objects:
    print(f"- {obj['Key']} (Size: {obj['Size']} bytes)")
    sqs.send_message(QueueUrl=queue_url, MessageBody=f"{obj['Key']} {obj['Size']}")

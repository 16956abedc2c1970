"""AWS's guide, case 2: Spark reads data of another account, boto3 sends it to a queue there.

mix-spark-boto3.py S3_FILE QUEUE_URL
"""

import sys

import boto3
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct, to_json

s3_file, queue_url = sys.argv[1:]


def send_partition(partition):
    """Runs on the executors."""
    sqs = boto3.client("sqs", region_name="us-east-1")
    yield f"Caller Identity: {boto3.client('sts').get_caller_identity()['Arn']}"
    for row in partition:
        sent = sqs.send_message(QueueUrl=queue_url, MessageBody=row.value)
        yield f"sent {sent['MessageId']}"


spark = SparkSession.builder.appName("chain-role-test").getOrCreate()
df = spark.read.parquet(s3_file)
json_df = df.select(to_json(struct("*")).alias("value"))
for line in json_df.rdd.mapPartitions(send_partition).collect():
    print(line)
spark.stop()

"""Lists a bucket with the C++ SDK: arrow.py URL-OF-S3."""

import sys

from pyarrow import fs

url = sys.argv[1]
s3 = fs.S3FileSystem(endpoint_override=url, scheme="http", region="us-east-1")
s3.get_file_info(fs.FileSelector("bucket/in"))

"""Reads from S3 with the credentials that a library finds: reader.py LIBRARY URL-OF-S3."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

library, url = sys.argv[1:]
TABLE = "s3://bucket/in"
PARQUET = f"{TABLE}/part.parquet"
OBJECT_STORE = {"aws_endpoint_url": url, "allow_http": "true"}


def read_polars():
    import polars

    polars.scan_parquet(PARQUET, storage_options=OBJECT_STORE).collect()


def read_polars_without_boto3():
    # With this, `import boto3` fails.
    sys.modules["boto3"] = None
    read_polars()


def read_delta_rs():
    import deltalake

    deltalake.DeltaTable(TABLE, storage_options=OBJECT_STORE)


def read_duckdb():
    import duckdb

    # The packages hold files only; DuckDB finds them by no other way.
    packages = Path(duckdb.__file__).parents[1]
    (folder,) = packages.glob("duckdb_ext/extensions/*/*")
    connection = duckdb.connect()
    for extension in ("httpfs", "aws"):
        connection.execute(f"LOAD '{folder}/{extension}.duckdb_extension'")
    connection.execute(
        "CREATE SECRET (TYPE s3, PROVIDER credential_chain, URL_STYLE path, USE_SSL false, "
        f"ENDPOINT '{urlsplit(url).netloc}')"
    )
    connection.execute(f"SELECT * FROM '{PARQUET}'").fetchall()


def read_s3fs():
    import s3fs

    s3fs.S3FileSystem(client_kwargs={"endpoint_url": url}).ls("bucket/in")


globals()[f"read_{library}"]()

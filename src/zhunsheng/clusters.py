"""A Spark session on the cluster that an address names, for figures and for draws."""

from __future__ import annotations

from typing import Any, Literal

from zhunsheng.faults import first_line
from zhunsheng.translation import worded

Kind = Literal["duckdb", "spark"]  # where figures are computed: in this process, or on a cluster
MASTERS = ("spark://", "local", "yarn", "k8s://")  # what an address begins with


class Unreachable(Exception):
    """No session was given; the text says why."""


def spark_session(url: str | None, name: str) -> Any:
    """Return the session of this process on the Spark master at ``url``; ``name`` is what the cluster calls
    it. A process has one cluster: while its session lives, that is the one given.

    Raises ``ImportError`` without pyspark, ``Unreachable`` for an address that is none or where nobody
    answers.
    """
    from pyspark.sql import SparkSession

    if not url or not url.startswith(MASTERS):
        raise Unreachable(worded("--url 应写成 spark://主机:端口，或 local[*] 试用"))
    try:
        builder = SparkSession.builder.master(url).appName(name)
        builder = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
    except Exception as error:  # of Java, of Py4J or of the network
        raise Unreachable(first_line(error)) from None
    return session

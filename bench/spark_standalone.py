"""Run one draw on a standalone Spark master with two workers and compare it with DuckDB's, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyspark

from zhunsheng.draws.drawing import DuckDatabase, SparkDatabase, draw
from zhunsheng.draws.frame import open_database

N, SEED = 2_000_000, "0123456789abcdef0123456789abcdef"
PORT = 17077


def main() -> None:
    """Start master and workers, draw on both engines, compare, stop."""
    home = Path(pyspark.__file__).parent
    work = Path(tempfile.mkdtemp(prefix="zhunsheng-spark-"))
    path = work / "frame.parquet"
    connection = open_database()
    connection.execute(
        f"COPY (SELECT '9113019' || lpad(i::VARCHAR, 11, '0') AS id, '所' || i % 6 AS stratum FROM range({N}) t(i)) TO '{path}'"
    )
    connection.execute(f"CREATE VIEW frame AS SELECT * FROM read_parquet('{path}')")
    strata = {f"所{k}": {"size": N // 6, "quota": 3000, "reserve": 300} for k in range(6)}
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    launch = [str(home / "bin" / "spark-class")]
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(PORT), "--webui-port", "0"]
    worker = ["org.apache.spark.deploy.worker.Worker", "-c", "1", "-m", "1g", "--webui-port", "0", "-d"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    running = [subprocess.Popen([*launch, *master], **quiet)]  # type: ignore[call-overload]
    time.sleep(5)
    for n in range(2):
        running.append(subprocess.Popen([*launch, *worker, str(work / f"w{n}"), f"spark://127.0.0.1:{PORT}"], **quiet))  # type: ignore[call-overload]
    try:
        builder = pyspark.sql.SparkSession.builder.master(f"spark://127.0.0.1:{PORT}")
        session = builder.config("spark.ui.enabled", "false").config("spark.executor.memory", "900m").getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        session.read.parquet(str(path)).createOrReplaceTempView("frame")
        same = draw(SparkDatabase(session), SEED, strata) == draw(DuckDatabase(connection), SEED, strata)
        executors = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
        session.stop()
    finally:
        for process in reversed(running):
            process.terminate()
    print(f"{N:,} entities, {executors} executors: {'identical' if same else 'DIFFERENT'}")
    sys.exit(not same)


if __name__ == "__main__":
    import pyspark.sql

    main()

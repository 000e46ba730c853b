"""Runs the Spark job and holds its report against the one of a single run."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOB = ROOT / "integrations/spark/streamfall_spark.py"
CLUSTER = "local-cluster[2,1,1024]"
THREADS = "local[2]"
REMOTE = "spark.hadoop.fs.viewfs.mounttable.ci.link./logs"


class Bench:
    """A folder of logs, and what is run on it."""

    def __init__(self, binary: Path, work: Path) -> None:
        self.binary, self.work, self.logs = binary, work, work / "logs"
        shutil.copytree(ROOT / "sample-logs", self.logs / "samples", ignore=shutil.ignore_patterns("*.md"))
        for log in (ROOT / "tests/captures").glob("*/*.zst"):
            (self.logs / log.parent.name).mkdir(exist_ok=True)
            shutil.copy(log, self.logs / log.parent.name)
        self.rotate()

    def rotate(self) -> None:
        """A log that was cut in the middle of a record: its parts come to different executors."""
        log = (self.logs / "samples/proxy-1.85.0-text.log").read_bytes().replace(b"req_011", b"req_011rotated")
        cuts = [0, len(log) // 3, 2 * len(log) // 3, len(log)]
        (self.logs / "rotated").mkdir()
        for number, name in enumerate(["proxy.log.2.gz", "proxy.log.1", "proxy.log"]):
            part = log[cuts[number] : cuts[number + 1]]
            (self.logs / "rotated" / name).write_bytes(gzip.compress(part) if name.endswith(".gz") else part)

    def single(self, *paths: str, cwd: Path | None = None) -> tuple[int, dict]:
        done = subprocess.run([self.binary, "--format", "json", *paths], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return done.returncode, without_inputs(json.loads(done.stdout))

    def spark(self, master: str, submit: list[str], *arguments: str) -> tuple[int, dict | None, str]:
        """Status, report, and what was said."""
        report = self.work / "report.json"
        report.unlink(missing_ok=True)
        command = ["spark-submit", "--master", master, *submit, JOB, *arguments, "--", "--format", "text", "--output", f"json={report}"]
        environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": shutil.which("python3"), "SPARK_WORKER_DIR": str(self.work / "workers")}
        began = time.monotonic()
        done = subprocess.run(command, env=environment, cwd=self.work, capture_output=True, text=True, check=False)
        print(f"  spark-submit --master {master}: status {done.returncode}, {time.monotonic() - began:.1f} s")
        said = done.stdout + done.stderr
        return done.returncode, without_inputs(json.loads(report.read_text())) if report.exists() else None, said


def without_inputs(report: dict) -> dict:
    del report["inputs"]
    return report


def check(what: str, seen: object, expected: object, said: str = "") -> None:
    if seen != expected:
        sys.exit(f"{what}: {str(seen)[:500]}\nnot {str(expected)[:500]}\n{said[-5000:]}")


def same(what: str, spark: tuple[int, dict | None, str], single: tuple[int, dict]) -> None:
    """Byte for byte, the inputs aside."""
    status, report, said = spark
    check(f"{what}: status", status, single[0], said)
    check(f"{what}: report", json.dumps(report), json.dumps(single[1]), said)


def whole(bench: Bench) -> None:
    """Two executors; tasks of a MiB, so that each has several."""
    shipped = ["--files", str(bench.binary)]
    same("whole", bench.spark(CLUSTER, shipped, "--task-mib", "1", str(bench.logs)), bench.single(str(bench.logs)))


def retried(bench: Bench) -> None:
    """The first run of all is killed as it writes: what it wrote counts nowhere."""
    killed, once = bench.work / "killed-once", bench.work / "killed"
    killed.write_text(f'#!/bin/sh\nif mkdir "{once}" 2>/dev/null; then "{bench.binary}" "$@" | head -c 3000; kill -9 $$; fi\nexec "{bench.binary}" "$@"\n')
    killed.chmod(0o755)
    ran = bench.spark(CLUSTER, [], "--binary", str(killed), str(bench.logs))
    check("retried: a run was killed", once.exists(), True)
    check("retried: Spark tried again", "Lost task" in ran[2], True, ran[2])
    same("retried", ran, bench.single(str(bench.logs)))


def always_failing(bench: Bench) -> None:
    broken = bench.work / "broken"
    broken.write_text("#!/bin/sh\necho 'it broke' >&2\nexit 9\n")
    status, report, said = bench.spark(THREADS, [], "--binary", str(broken), str(bench.logs / "rotated"))
    check("failing: status and report", (status, report), (2, None), said)
    check("failing: it names status, path and reason", "streamfall: status 9 of " in said and "/rotated/" in said and "it broke" in said, True, said)


def unreadable(bench: Bench) -> None:
    """A truncated file: the report of what was read, its name, status 2."""
    cut = bench.logs / "rotated/cut.log.gz"
    cut.write_bytes((bench.logs / "rotated/proxy.log.2.gz").read_bytes()[:-2000])
    ran = bench.spark(THREADS, ["--files", str(bench.binary)], str(bench.logs / "rotated"))
    cut_single = bench.single(str(bench.logs / "rotated"))
    cut.unlink()
    same("unreadable", ran, cut_single)
    check("unreadable: status, complete", (ran[0], ran[1]["complete"]), (2, False))
    check("unreadable: it is named", "rotated/cut.log.gz: " in ran[2], True, ran[2])


def not_there(bench: Bench) -> None:
    status, _, said = bench.spark(THREADS, [], str(bench.logs))
    check("no binary", (status, "no binary named streamfall was shipped" in said), (2, True), said)
    status, _, said = bench.spark(THREADS, [], "--binary", "/no/such/binary", str(bench.logs))
    check("no such binary", (status, "/no/such/binary: no such file" in said), (2, True), said)
    status, _, said = bench.spark(THREADS, ["--files", str(bench.binary)], str(bench.logs / "*.none"))
    check("no such logs", (status, "*.none: no such file or folder" in said), (2, True), said)


def remote(bench: Bench) -> None:
    """Files that only Hadoop's file systems lead to, by a setting that only the job has: they are copied, and keep their addresses."""
    odd = bench.logs / "rotated/odd [1] {a}*.log"
    odd.write_bytes(b"")
    ran = bench.spark(THREADS, ["--files", str(bench.binary), "--conf", f"{REMOTE}=file://{bench.logs}"], "viewfs://ci/logs/rotated", "viewfs://ci/logs/samples/*.log")
    copy = bench.work / "copy"
    shutil.copytree(bench.logs, copy / "viewfs:/ci/logs")
    samples = sorted(f"viewfs://ci/logs/samples/{path.name}" for path in (bench.logs / "samples").glob("*.log"))
    parts = sorted(f"viewfs://ci/logs/rotated/{path.name}" for path in (bench.logs / "rotated").iterdir())
    single = bench.single(*parts, *samples, cwd=copy)
    odd.unlink()
    same("remote", ran, single)
    check("remote: addresses", ran[1]["incidents"][0]["evidence"][0]["source"].startswith("viewfs://ci/logs/"), True)


if __name__ == "__main__":
    place = Bench(Path(sys.argv[1]), Path(sys.argv[2]))
    chosen = sys.argv[3:]
    for case in (whole, retried, always_failing, unreadable, not_there, remote):
        if not chosen or case.__name__ in chosen:
            print(f"{case.__name__}:")
            case(place)

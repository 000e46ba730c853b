#!/usr/bin/env python3
"""Runs streamfall on the executors of a Spark cluster and links what they found: one report of all logs.

Paths are spread, not content: an executor starts the binary on the paths of its task, so no log passes through Python. What comes back
are facts, which hold of a log what the report needs of it. How files are grouped does not matter, since facts carry the open ends of
rotated logs; nor does it matter how often a task is tried, since only the facts of the attempt that Spark counts reach the driver.

Logs that no path of the file system leads to (`s3a://`, `gs://`, `hdfs://`) are copied to the executor's disk first, by Hadoop's own
file system shell: a Python worker has no way to the JVM beside it, and Spark's readers hand content over through a pipe to Python.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

MIB = 2**20
# A command line holds two megabytes on Linux, and a path some hundred bytes.
BUNDLES_A_TASK = 4
# What Hadoop says of a scheme whose classes are not there.
NO_FILE_SYSTEM = "No FileSystem for scheme"
FILES_A_TASK = 1000
# What a run tells by its status is in its facts, too: 0, all was read; 2, something was not, and the report will say what.
READ, READ_IN_PART = 0, 2
HEADER = b'{"schema":"streamfall.facts/'
SHIPPED = "streamfall"
DESCRIPTION = "Runs streamfall on the executors of a Spark cluster and links what they found: one report of all logs."
EPILOGUE = """\
Options behind `--` go to the last run, which links: --format, --output, --since, --fail-on, ...
Its exit status is that of this job. 2: what could not be read is named; bad usage; the job failed.
"""


class JobFailed(Exception):
    """What ends the job, in words for whoever started it."""


@dataclass(frozen=True)
class Log:
    path: str
    bytes: int


@dataclass(frozen=True)
class Task:
    """What an executor needs besides paths."""

    binary: str
    options: Sequence[str]
    hadoop: Mapping[str, str]


# The command line


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    own, link = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    parser = argparse.ArgumentParser(
        prog="streamfall_spark.py",
        usage="spark-submit [--files streamfall] streamfall_spark.py [OPTIONS] PATTERN... [-- OPTIONS OF STREAMFALL]",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("patterns", nargs="+", metavar="PATTERN", help="a file, a folder (all files below it) or a glob, on any file system that Spark reads")
    parser.add_argument("--binary", metavar="PATH", help="ship this binary, on the driver's disk; without it, the one that spark-submit --files shipped")
    parser.add_argument("--facts", metavar="DIR", type=Path, help="keep the facts there, on the driver's disk, for a later run of streamfall")
    parser.add_argument("--task-mib", metavar="N", type=positive, default=512, help="how much of logs a task reads (%(default)s MiB), large files aside")
    parser.add_argument("--map-options", metavar="OPTIONS", type=shlex.split, default=[], help="options for the runs on executors: '--max-expansion 5000'")
    parsed = parser.parse_args(own)
    parsed.link = list(link)
    return parsed


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected a number from 1")
    return number


def map_command(binary: str, options: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Reads logs and writes facts."""
    return [binary, "--format", "facts", "--progress", "never", *options, "--", *paths]


def link_command(binary: str, options: Iterable[str], facts: Path) -> list[str]:
    """Reads facts and writes a report."""
    return [binary, *options, "--", str(facts)]


# Which task reads which files


def grouped(logs: Iterable[Log], parallel: int, task_bytes: int) -> list[list[str]]:
    """Tasks of about the same size, largest first: the largest bundle goes to the task that has least so far."""
    unique = set(logs)
    if not unique:
        return []
    total = sum(log.bytes for log in unique)
    count = min(max(parallel, -(-total // task_bytes), -(-len(unique) // FILES_A_TASK)), len(unique))
    bundles = sorted(bundled(unique, total // count // BUNDLES_A_TASK, max(len(unique) // count // BUNDLES_A_TASK, 1)))
    tasks: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(min(count, len(bundles)))]
    full: list[tuple[int, int, list[str]]] = []
    for lighter, paths in bundles:
        if not tasks:
            tasks = [(0, len(full), [])]
        size, number, so_far = heapq.heappop(tasks)
        if len(so_far) + len(paths) > FILES_A_TASK:
            full.append((size, number, so_far))
            size, number, so_far = 0, len(full) + len(tasks), []
        heapq.heappush(tasks, (size - lighter, number, so_far + paths))
    return [sorted(paths) for _, _, paths in sorted(tasks + full, key=lambda task: (-task[0], task[1]))]


def bundled(logs: Iterable[Log], most_bytes: int, most_files: int) -> list[tuple[int, list[str]]]:
    """Files of one folder that stay together, since one call copies them: their bytes, as a negative number, and their paths."""
    bundles: list[tuple[int, list[str]]] = []
    folder = None
    for log in sorted(logs, key=lambda log: (log.path.rpartition("/")[0], -log.bytes, log.path)):
        # An empty file costs its opening, too.
        weight = max(log.bytes, 1)
        parent = log.path.rpartition("/")[0]
        if parent != folder or len(bundles[-1][1]) == most_files or weight - bundles[-1][0] > most_bytes:
            bundles.append((0, []))
            folder = parent
        lighter, paths = bundles[-1]
        bundles[-1] = (lighter - weight, [*paths, log.path])
    return bundles


def local_path(path: str) -> str | None:
    """The path on a disk, if it is one: Hadoop writes `file:/var/log`, people `file:///var/log`."""
    if urlsplit(path).scheme == "":
        return path
    return re.sub(r"^file:(//)?(?=/)", "", path) if path.startswith("file:/") else None


# On the driver


def listed(spark: Any, patterns: Iterable[str]) -> list[Log]:
    """The files that the patterns stand for, as Hadoop's file systems list them."""
    jvm, settings = spark._jvm, spark._jsc.hadoopConfiguration()
    logs: list[Log] = []
    for pattern in patterns:
        path = jvm.org.apache.hadoop.fs.Path(pattern)
        system = path.getFileSystem(settings)
        before = len(logs)
        for found in system.globStatus(path) or []:
            if found.isFile():
                logs.append(Log(found.getPath().toString(), found.getLen()))
                continue
            below = system.listFiles(found.getPath(), True)
            while below.hasNext():
                file = below.next()
                logs.append(Log(file.getPath().toString(), file.getLen()))
        if len(logs) == before:
            raise JobFailed(f"{pattern}: no such file or folder, or an empty one; check the pattern, as the driver sees it")
    return [Log(local_path(log.path) or log.path, log.bytes) for log in logs]


def shipped(name: str, hint: str) -> str:
    """Where the binary is on this machine, made executable."""
    from pyspark import SparkFiles

    # YARN puts files into the working directory, everything else into Spark's own.
    for path in (Path(SparkFiles.get(name)), Path.cwd() / name):
        if path.is_file():
            if not os.access(path, os.X_OK):
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return str(path)
    raise JobFailed(f"no binary named {name} was shipped; {hint}")


def job(asked: argparse.Namespace) -> int:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if asked.binary and not Path(asked.binary).is_file():
        raise JobFailed(f"{asked.binary}: no such file; --binary is the streamfall to ship, on the driver's disk")
    session = SparkSession.builder.appName("streamfall").getOrCreate()
    spark = session.sparkContext
    scratch = tempfile.TemporaryDirectory(prefix="streamfall-")
    facts = asked.facts or Path(scratch.name) / "facts"
    try:
        made_empty(facts)
        if asked.binary:
            spark.addFile(asked.binary)
        name = Path(asked.binary).name if asked.binary else SHIPPED
        binary = shipped(name, f"give spark-submit `--files path/to/{SHIPPED}`, or this job `--binary path/to/{SHIPPED}`")
        groups = grouped(listed(spark, asked.patterns), spark.defaultParallelism, asked.task_mib * MIB)
        spark.setJobDescription(f"{sum(map(len, groups))} files in {len(groups)} tasks")
        prefix = "spark.hadoop."
        hadoop = {key[len(prefix) :]: value for key, value in spark.getConf().getAll() if key.startswith(prefix)}
        task = Task(name, asked.map_options, hadoop)
        parts = spark.parallelize(groups, len(groups)).map(lambda paths: facts_of(task, paths)).collect()
        written(parts, facts)
        # Executors are not held while one core links, and what Spark shipped is gone with it.
        linker = shutil.copy(binary, scratch.name)
        session.stop()
        return subprocess.run(link_command(linker, asked.link, facts), check=False).returncode
    except (Py4JJavaError, PySparkException) as error:
        # Which of them a failed task is, differs between Spark 4.0 and 4.3.
        raise JobFailed(said_by(str(error))) from error
    finally:
        session.stop()
        scratch.cleanup()


def made_empty(folder: Path) -> None:
    """A folder that holds nothing else; asked for before anything is read."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise JobFailed(f"{folder}: is not empty; facts of another job in it would be linked, too")


def written(parts: Iterable[bytes], folder: Path) -> None:
    """Writes each task's facts into a file of its own."""
    for number, part in enumerate(parts):
        (folder / f"part-{number:05}.facts.gz").write_bytes(part)


def said_by(error: str) -> str:
    """What a task said of its failure, out of Spark's account of it."""
    said = re.search(r"JobFailed: (.*)", error)
    return said.group(1) if said else error


# On executors


def facts_of(task: Task, paths: Sequence[str]) -> bytes:
    """The facts of the files of a task, compressed."""
    binary = shipped(task.binary, "its executor did not get it")
    local = [path for path in paths if urlsplit(path).scheme == ""]
    remote = [path for path in paths if urlsplit(path).scheme != ""]
    facts = b""
    if local:
        facts += run(map_command(binary, task.options, local), local)
    if remote:
        with tempfile.TemporaryDirectory(prefix="streamfall-") as folder:
            fetch(task, remote, folder)
            facts += run(map_command(binary, task.options, remote), remote, cwd=folder)
    return gzip.compress(facts, 6, mtime=0)


def run(command: Sequence[str], paths: Sequence[str], cwd: str | None = None) -> bytes:
    """What streamfall writes; any other end of it than its own fails the attempt, and Spark tries again."""
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise JobFailed(f"{command[0]}: does not start ({error.strerror}); is it built for this system?") from error
    if done.returncode not in (READ, READ_IN_PART) or not done.stdout.startswith(HEADER):
        said = done.stderr.decode(errors="replace").strip().replace("\n", "; ")
        raise JobFailed(f"status {done.returncode} of {command[0]} on {paths[0]} and {len(paths) - 1} more: {said or 'it said nothing'}")
    return done.stdout


def fetch(task: Task, paths: Sequence[str], folder: str) -> None:
    """Copies files below the folder so that, seen from there, each has its own address as its path: `s3a:` is a folder, too."""
    settings = Path(folder) / "settings.xml"
    settings.touch(mode=0o600)
    settings.write_text(hadoop_settings(task.hadoop))
    # Hadoop's shell insists on a core-site.xml. The cluster's own, if there is one, stands before this on the class path.
    (Path(folder) / "core-site.xml").write_text(hadoop_settings({}))
    # What --packages and --jars brought lies in the executor's own folder.
    classes = [os.environ.get("SPARK_DIST_CLASSPATH"), folder, f"{os.getcwd()}/*"]
    environment = {**os.environ, "SPARK_DIST_CLASSPATH": ":".join(filter(None, classes))}
    for parent, names in by_parent(paths).items():
        target = Path(folder) / parent
        target.mkdir(parents=True, exist_ok=True)
        sources = [glob_escaped(f"{parent}/{name}") for name in names]
        command = [*file_system_shell(), "-conf", str(settings), "-get", *sources, str(target)]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0 and not all((target / name).exists() for name in names):
            if NO_FILE_SYSTEM in done.stderr.decode(errors="replace"):
                raise JobFailed(f"cannot copy from {parent}: this Spark has no file system for it; give its connector with --packages")
            said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("get: ")]
            # A file that is gone or may not be read is the report's to name, as one on a disk is; no copy at all is worth another attempt.
            if not said:
                raise JobFailed(f"cannot copy from {parent}: status {done.returncode} of {command[0]}: {done.stderr.decode(errors='replace')[-500:].strip()}")
            print("\n".join(said), file=sys.stderr)


def by_parent(paths: Iterable[str]) -> dict[str, list[str]]:
    """Names by folder: one call copies all that are in the same."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        parent, _, name = path.rpartition("/")
        folders[parent].append(name)
    return folders


def glob_escaped(path: str) -> str:
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)


def hadoop_settings(settings: Mapping[str, str]) -> str:
    """As a file, since a command line can be read by everyone on the machine, and keys may be in it."""
    rows = "".join(f"<property><name>{escape(name)}</name><value>{escape(value)}</value></property>" for name, value in sorted(settings.items()))
    return f"<configuration>{rows}</configuration>"


def file_system_shell() -> list[str]:
    """`hadoop fs`, or the same class out of Spark's own jars."""
    hadoop = shutil.which("hadoop")
    if hadoop:
        return [hadoop, "fs"]
    spark = os.environ.get("SPARK_HOME")
    if not spark:
        try:
            import pyspark

            spark = str(Path(pyspark.__file__).parent)
        except ImportError:
            spark = ""
    launcher = Path(spark) / "bin" / "spark-class"
    if launcher.is_file():
        return [str(launcher), "org.apache.hadoop.fs.FsShell"]
    raise JobFailed("no `hadoop` on the PATH and no bin/spark-class in SPARK_HOME: logs on a remote file system cannot be copied; mount it instead")


def main(argv: Sequence[str]) -> int:
    try:
        return job(arguments(argv))
    except JobFailed as failed:
        print(f"streamfall: {failed}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

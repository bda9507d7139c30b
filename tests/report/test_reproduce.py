"""What a report says of how to make it again: the version, digests, and keys with sources."""

from __future__ import annotations

import json
from hashlib import sha256

import yaml

import pgsim
from pgsim.files import shipped
from pgsim.results.table_files import write_table


def digests(page):
    """Digests by what they are of."""
    section = page.one("reproduce")
    return {row.children[0].text: row.children[1].text for row in section.all("tr")}


def test_the_digest_is_the_one_that_the_trace_file_states(pages):
    path = shipped("traces", "digits_pg_4_2", ".safetensors")
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    stated = json.loads(header["__metadata__"]["pgsim"])["shard"]["capture_sha256"]
    for kind in ("simulation", "comparison"):
        assert digests(pages[kind])["SHA-256 of the trace digits_pg_4_2"] == stated


def test_the_digest_of_a_table_is_that_of_its_file(pages, table, tmp_path):
    write_table(table, tmp_path / "table.csv")
    digest = sha256((tmp_path / "table.csv").read_bytes()).hexdigest()
    assert digests(pages["table"]) == {"SHA-256 of the table as .csv": digest}


def test_the_version_and_commands_stand_there(page_of, result):
    page = page_of(result, commands=["pgsim report a", "pgsim simulate a"])
    section = page.one("reproduce")
    assert f"pgsim {pgsim.__version__};" in section.text
    assert [each.text for each in section.all("pre")] == ["pgsim report a", "pgsim simulate a"]


def test_all_keys_of_the_file_stand_there_with_their_sources(pages):
    file = yaml.safe_load(shipped("arch_configs", "pg_os", ".yaml").read_text("utf-8"))
    section = pages["simulation"].one("configuration")
    keys = {each.text for each in section.all("dt")}
    for name in ("clock_mhz", "technology", "rows", "pe.kind", "ways", "activation_sram.kib"):
        assert name in keys
    for source in (file["source"], file["array"]["source"], file["lsb"]["source"]):
        assert source in section.text

"""The files in systemd/: as generated, as tight as promised."""

import re
import shutil
import subprocess

import pytest

from support.process import ROOT, program
from support.rowd_process import environment

SYSTEMD = ROOT / "systemd"


def test_the_sample_file_is_the_generated_one():
    sample = subprocess.run([program("rowd"), "config", "--sample"], env=environment(), capture_output=True,
                            check=True).stdout
    assert (SYSTEMD / "rowd.conf").read_bytes() == sample


def test_the_sample_file_is_valid(tmp_path):
    done = subprocess.run([program("rowd"), "config", "-c", str(SYSTEMD / "rowd.conf")], capture_output=True, text=True,
                          env=environment(database_url="mysql://root@localhost/x"), check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", ["rowd.service", "rowd@.service"])
def test_exposure(unit, tmp_path):
    copy = tmp_path / unit.replace("@", "@x")
    copy.write_text((SYSTEMD / unit).read_text())
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(copy)],
                          capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level.group(1)) <= 1.5


def test_both_units_are_equally_tight():
    """Only names and paths may differ."""

    def hardening(unit):
        text = (SYSTEMD / unit).read_text().split("# It needs two sockets")[1]
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert hardening("rowd.service") == hardening("rowd@.service")

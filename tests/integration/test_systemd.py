"""The files in systemd/: as generated, as tight as promised, installed where they are looked for."""

import os
import re
import shutil
import subprocess

import pytest

from support.process import ROOT, build_directory, program
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


@pytest.fixture
def install(tmp_path):
    def install():
        done = subprocess.run(["cmake", "--install", str(build_directory())], capture_output=True, text=True,
                              check=False, env={**os.environ, "DESTDIR": str(tmp_path)})
        assert done.returncode == 0, done.stdout + done.stderr
        return tmp_path
    return install


@pytest.mark.parametrize("unit", ["rowd.service", "rowd@.service"])
def test_units_start_the_program_that_is_installed(install, unit):
    root = install()
    text = next(root.glob(f"**/systemd/system/{unit}")).read_text()
    started = re.search(r"^ExecStart=/(\S+) -c /(\S+)", text, re.MULTILINE)
    assert os.access(root / started.group(1), os.X_OK)
    assert (root / started.group(2).replace("%i", "rowd")).exists()


def test_installing_again_keeps_the_configuration(install):
    path = install() / "etc" / "rowd" / "rowd.conf"
    assert path.stat().st_mode & 0o777 == 0o640
    path.write_text("[limits]\nbatch = 7\n")
    install()
    assert path.read_text() == "[limits]\nbatch = 7\n"

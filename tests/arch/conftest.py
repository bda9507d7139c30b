"""Architecture files of any text, and the shipped technology."""

import pytest
from arch_files import MINIMAL

from pgsim.arch import load_arch, load_technology
from pgsim.errors import InputError


@pytest.fixture
def write(tmp_path):
    def write_file(text):
        path = tmp_path / "arch.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def small(write):
    return load_arch(write(MINIMAL))


@pytest.fixture
def refusal(write):
    """Return the lines of the error that a file's text gives, each without the file's folder."""

    def lines(text):
        path = write(text)
        with pytest.raises(InputError) as caught:
            load_arch(path)
        return str(caught.value).replace(str(path), "arch.yaml").splitlines()

    return lines


@pytest.fixture(scope="session")
def technology():
    return load_technology("45nm")

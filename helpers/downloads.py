"""Fetch the optional data sets: checked by sha256, kept in a cache, from whichever mirror answers.

Two environment variables, explained in data/README.md:
COURSE_CACHE is the folder that keeps the files (data/cache if unset).
COURSE_MIRROR is a folder or address laid out like the cache, asked before the public servers.
"""

import errno
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pooch
import requests
from tqdm.auto import tqdm

DATA = Path(__file__).resolve().parent.parent / "data"
ROUNDS = 2  # how often all sources are asked
PAUSE = 1.0  # seconds between the rounds
TIMEOUT = (5, 30)  # seconds to wait for a connection, and for the next bytes


class DownloadError(RuntimeError):
    """A file could not be fetched or kept; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """What a file must be, and where it is served."""

    sha256: str
    urls: tuple[str, ...]


def _sources(folder: str, files: dict[str, str], *roots: str) -> dict[str, Source]:
    """One entry for each {file: sha256}, served under all the roots."""
    return {f"{folder}/{file}": Source(sha256, tuple(root + file for root in roots)) for file, sha256 in files.items()}


REGISTRY: dict[str, Source] = {
    **_sources(
        "mnist",
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    **_sources(
        "fashion-mnist",
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    "tiny-shakespeare/input.txt": Source(
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        (
            "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
            "/data/tinyshakespeare/input.txt",
            "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
        ),
    ),
    **_sources(
        "zinc",
        {"250k_rndm_zinc_drugs_clean_3.csv": "35e3f1a52b1badc0697e373d73a18ad773f415936ff992f4c6baa2e067b3e6ae"},
        "https://raw.githubusercontent.com/aspuru-guzik-group/chemical_vae/master/models/zinc_properties/",
        "https://github.com/aspuru-guzik-group/chemical_vae/raw/master/models/zinc_properties/",
    ),
    **_sources(
        "multi30k",
        {
            "train.en.gz": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
            "train.de.gz": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
            "val.en.gz": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
            "val.de.gz": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
        },
        "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/",
        "https://cdn.jsdelivr.net/gh/multi30k/dataset@a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/",
    ),
}


def cache_folder() -> Path:
    """The folder of the downloaded files: COURSE_CACHE, or data/cache."""
    return Path(os.environ.get("COURSE_CACHE") or DATA / "cache").expanduser().absolute()


def fetch(name: str) -> Path:
    """Find a file in the cache, or download it there.

    A file appears in the cache in one step, after its sha256 was found right; several processes may fetch at once.

    Args:
        name: One of the names in REGISTRY, such as "mnist/train-images-idx3-ubyte.gz".
    Returns:
        The path of the file, its content checked.
    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
        DownloadError: If no source had the file, or the cache cannot keep it.
    """
    if name not in REGISTRY:
        raise ValueError(f"There is no file {name!r} to download; known are {', '.join(REGISTRY)}.")
    source, path = REGISTRY[name], cache_folder() / name
    if _is_right(path, source):
        return path
    failures: dict[str, str] = {}
    addresses = [*_mirror(name), *source.urls]
    for turn in range(ROUNDS):
        time.sleep(PAUSE * (turn > 0))
        for address in addresses:
            failures[address] = _try(address, source, path)
            if not failures[address]:
                return path
    raise DownloadError(_report(name, failures))


def _is_right(path: Path, source: Source) -> bool:
    """Whether the file is there with the expected content."""
    try:
        return path.is_file() and pooch.file_hash(str(path)) == source.sha256
    except OSError:
        return False


def _mirror(name: str) -> list[str]:
    """The file's place in COURSE_MIRROR, if that is set."""
    mirror = os.environ.get("COURSE_MIRROR", "").strip()
    return [f"{mirror.rstrip('/')}/{name}"] if mirror else []


def _try(address: str, source: Source, path: Path) -> str:
    """Fetch from one address; return what went wrong there, or nothing after success."""
    pooch.get_logger().setLevel("WARNING")
    download = _stream if urlsplit(address).scheme in ("http", "https") else _copy
    try:
        pooch.retrieve(address, source.sha256, fname=path.name, path=path.parent, downloader=download)
        path.chmod(0o644)  # pooch leaves it readable by its owner alone, which a shared cache cannot use
    except (requests.RequestException, LookupError) as error:
        return _reason(error)
    except ValueError as error:  # pooch has already removed what came
        got = re.search(r"got ([0-9a-f]{64})", str(error))
        return f"another content (sha256 {got[1][:8] if got else 'differs'}, expected {source.sha256[:8]})"
    except OSError as error:
        if not _is_right(path, source):  # where a file in use cannot be replaced, another process may have won
            raise DownloadError(_cannot_keep(path, error)) from None
    return ""


def _stream(address: str, target: str, _pooch: object) -> None:
    """Download over HTTP with a progress bar."""
    # Without compression on the way a length is announced, and a shorter body is an error.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(address, stream=True, timeout=TIMEOUT, headers=headers) as answer, open(target, "wb") as file:
        answer.raise_for_status()
        total = int(answer.headers.get("Content-Length", 0)) or None
        name = address.rsplit("/", 1)[-1]
        with tqdm(total=total, desc=name, unit="B", unit_scale=True, leave=False) as bar:
            for chunk in answer.iter_content(1 << 16):
                bar.update(file.write(chunk))


def _copy(address: str, target: str, _pooch: object) -> None:
    """Take the file from a mirror that is a folder."""
    file = url2pathname(urlsplit(address).path) if address.startswith("file:") else address
    file = Path(file).expanduser()
    if not file.is_file():
        raise LookupError("no such file")
    shutil.copyfile(file, target)


def _reason(error: Exception) -> str:
    """A few plain words for what a server, or the way to it, did."""
    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if "timed out" in str(error):  # silence within a body is reported as a broken connection
        return "no answer in time"
    words = {
        requests.exceptions.ProxyError: "the proxy refused",
        requests.exceptions.SSLError: "no trusted connection",
        requests.exceptions.ChunkedEncodingError: "the transfer broke off",
        requests.ConnectionError: "no connection",
        LookupError: str(error).strip("'"),
    }
    return next((text for kind, text in words.items() if isinstance(error, kind)), type(error).__name__)


def _cannot_keep(path: Path, error: OSError) -> str:
    """Why the cache did not take the file, and the way out."""
    way_out = "set COURSE_CACHE to a folder that you can write to"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full, {path.name} does not fit into {path.parent}: free some space, or {way_out}."
    reason = error.strerror or type(error).__name__
    return f"The cache folder {path.parent} cannot be written ({reason}): {way_out}."


def _report(name: str, failures: dict[str, str]) -> str:
    """The last failure of every source in one sentence, and the way out."""
    tried = "; ".join(f"{address}: {failure}" for address, failure in failures.items())
    return (
        f"Could not fetch {name} ({tried}): check the network, or set COURSE_MIRROR to a folder or address "
        f"that has it (see data/README.md), or stay with the embedded sets, which need no download."
    )

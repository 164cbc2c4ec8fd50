"""Configuration: every error names its key, and the reference in the docs is the model's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from switchgear.errors import ConfigInvalid
from switchgear.sentinel.config import Config, Use, reference

PAGE = Path(__file__).parents[2] / "docs" / "watch.md"


def test_read__the_example_of_the_page__is_valid(tmp_path: Path) -> None:
    """S14: what the page says to write can be written."""
    example = PAGE.read_text().split("```toml\n")[1].split("```")[0]
    file = tmp_path / "sentinel.toml"
    file.write_text(example)
    assert Config.read(file).protocols


def test_page__reference__is_what_the_model_says() -> None:
    """docs/watch.md has `reference()`: paste it there after changing the model."""
    assert reference() in PAGE.read_text()


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"mode": "attack"}, "mode"),
        ({"quorum": 0}, "quorum"),
        ({"patience": 0}, "patience"),
        ({"history": 15}, "history"),
        ({"metrics_port": 65_536}, "metrics_port"),
        ({"private_key": "0x01"}, "private_key"),
        ({"endpoints": ["ftp://x"]}, "endpoints"),
        ({"websockets": ["http://x"]}, "websockets"),
        ({"protocols": [{"address": "0x12"}]}, "protocols.0.address"),
        ({"protocols": [{"address": "0x" + "11" * 20, "lane": -1}]}, "protocols.0.lane"),
        ({"protocols": [{"address": "0x" + "11" * 20}] * 2}, "protocols"),
        ({"policies": ["0x12"]}, "policies.0"),
        ({"policies": ["0x" + "11" * 20] * 2}, "policies"),
        ({"detectors": [{"use": "no colon"}]}, "detectors.0.use"),
        ({"detectors": [{"use": "a:B", "trips": "everything"}]}, "detectors.0.trips"),
        ({"webhooks": [{"url": "https://x"}]}, "webhooks.0.secret_env"),
    ],
)
def test_of__a_wrong_value__is_named_by_its_key(values: dict[str, Any], key: str) -> None:
    """S14: an operator reads which key is wrong."""
    with pytest.raises(ConfigInvalid, match=key.replace(".", r"\.")):
        Config.of(values)


def test_of__a_wrong_url__is_not_repeated() -> None:
    """OP-4: URLs often have keys in them: errors and the configuration's own text leave them out."""
    with pytest.raises(ConfigInvalid) as caught:
        Config.of({"endpoints": ["ftp://secret-key"]})
    assert "secret-key" not in str(caught.value)
    assert "secret-key" not in repr(Config.of({"endpoints": ["https://x/secret-key"]}))


@pytest.mark.parametrize(
    "use",
    [
        {"use": "switchgear.absent:X"},
        {"use": "switchgear.chain:Absent"},
        {"use": "tests.sentinel.detectors:Marks", "options": {"unknown": 1}},
    ],
)
def test_build__no_such_detector__says_which(use: dict[str, Any]) -> None:
    """S4: a detector that cannot be built is an error of the configuration."""
    with pytest.raises(ConfigInvalid, match=use["use"]):
        Use(**use).build()


def test_read__no_toml__says_where(tmp_path: Path) -> None:
    """S14: the file is named."""
    file = tmp_path / "sentinel.toml"
    file.write_text("mode = ")
    with pytest.raises(ConfigInvalid, match=r"sentinel\.toml"):
        Config.read(file)
    with pytest.raises(ConfigInvalid, match=r"absent\.toml"):
        Config.read(tmp_path / "absent.toml")

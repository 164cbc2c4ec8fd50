"""Both decoders behind one face, and the accounts whose behaviour they have to foresee, in an EVM in this process."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear import decoder
from switchgear.decoder import Call, Spend, Standard
from switchgear.errors import from_revert
from switchgear.fuzz.backends import DEPLOYER, Pyrevm, Reverted

SAFE_1_5 = "safe-smart-account"
SAFE_1_4 = "safe-contracts"
AFTERWARDS = bytes(range(1, 97))
"""What follows the arguments in every call: whoever reads beyond the end of a slice gets this, not zeros."""
_SOURCES = ("DecoderProbe", "ExecutingAccount", "NaiveDecoder")


_checksummed = lru_cache(maxsize=None)(to_checksum_address)


class Contract:
    """A contract in pyrevm."""

    def __init__(self, backend: Pyrevm, code: bytes, abi: list[dict[str, Any]]) -> None:
        self.backend = backend
        self.address: str = _checksummed(backend.deploy(code))
        self._functions = {
            entry["name"]: (
                [collapse_if_tuple(item) for item in entry["inputs"]],
                [collapse_if_tuple(item) for item in entry["outputs"]],
            )
            for entry in abi
            if entry["type"] == "function"
        }

    def calldata(self, function: str, *arguments: object) -> bytes:
        """Of a call."""
        types, _ = self._functions[function]
        return (
            function_signature_to_4byte_selector(f"{function}({','.join(types)})")
            + encode(types, arguments)
            + AFTERWARDS
        )

    def call(self, function: str, *arguments: object) -> tuple[Any, ...]:
        """Return values; raises the error it reverts with."""
        try:
            answer = self.backend.call(self.address, self.calldata(function, *arguments))
        except Reverted as reverted:
            raise from_revert(reverted.data) from None
        return decode(self._functions[function][1], answer)

    def executed(self, function: str, *arguments: object) -> list[Call] | None:
        """What an account that is told so calls, in order; None if it reverts."""
        try:
            receipt = self.backend.send(DEPLOYER, self.address, self.calldata(function, *arguments))
        except Reverted:
            return None
        return [Call(_checksummed(log.address), *decode(["uint256", "bytes"], log.data)) for log in receipt.logs]


class SolidityDecoder:
    """The library, with the interface of `switchgear.decoder`."""

    def __init__(self, probe: Contract) -> None:
        self.probe = probe

    def single(self, account: str, target: str, value: int, data: bytes) -> list[Call]:
        """One plain call."""
        return _calls(self.probe.call("single", account, target, value, data))

    def safe(
        self, account: str, target: str, value: int, data: bytes, operation: int = 0, multi_send: str = decoder.NATIVE
    ) -> list[Call]:
        """What a Safe executes."""
        return _calls(self.probe.call("safe", account, target, value, data, operation, multi_send))

    def erc7579(self, account: str, mode: bytes, execution: bytes) -> list[Call]:
        """What an ERC-7579 account executes."""
        return _calls(self.probe.call("erc7579", account, mode, execution))

    def spend(self, standard: Standard, account: str, call: Call) -> Spend:
        """What a call takes."""
        selector, (known, asset, amount, recipient) = self.probe.call("spend", standard, account, *call)
        assert selector == call.selector
        return Spend(known, _checksummed(asset), amount, _checksummed(recipient))


class Bench:
    """The library, an account, targets that record, both MultiSendCallOnly, and a decoder that is too trusting."""

    def __init__(self, project: Any) -> None:
        """Deploys them; every account has ether."""
        self.backend = Pyrevm(1_800_000_000)
        compiled = project.load_contracts(*(f"contracts/mocks/{name}.sol" for name in _SOURCES))
        self._types = {name: compiled[name].contract_type for name in _SOURCES}
        self.solidity = SolidityDecoder(self._deploy("DecoderProbe"))
        self.naive = self._deploy("NaiveDecoder")
        self.account = self._deploy("ExecutingAccount")
        self.targets = [self._deploy("ExecutingAccount").address for _ in range(3)]
        self.multi_sends = {version: self._multi_send(version) for version in (SAFE_1_4, SAFE_1_5)}
        self.backend._evm.set_balance(self.account.address, 10**30)

    def _deploy(self, name: str) -> Contract:
        kind = self._types[name]
        abi = [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in kind.abi]
        return Contract(self.backend, bytes.fromhex(str(kind.deployment_bytecode.bytecode).removeprefix("0x")), abi)

    def _multi_send(self, package: str) -> str:
        """As Safe published it."""
        root = Path("node_modules/@safe-global", package, "build/artifacts/contracts/libraries")
        artifact = json.loads((root / "MultiSendCallOnly.sol/MultiSendCallOnly.json").read_text())
        return _checksummed(self.backend.deploy(bytes.fromhex(artifact["bytecode"].removeprefix("0x"))))


@pytest.fixture(scope="session")
def bench(project: Any) -> Bench:
    """Everything, deployed once: nothing here keeps state."""
    return Bench(project)


@pytest.fixture(params=["solidity", "python"])
def either(request: pytest.FixtureRequest, bench: Bench) -> Any:
    """The library, and then its twin."""
    return bench.solidity if request.param == "solidity" else decoder


def _calls(answer: tuple[Any, ...]) -> list[Call]:
    return [Call(_checksummed(target), value, data) for target, value, data in answer[0]]

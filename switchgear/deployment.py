"""One address on every chain: deployment by CREATE2, and the record of it.

Every contract is created through the canonical deterministic deployment proxy with one fixed salt, so its address
depends on its creation code alone: on compiler, settings and constructor arguments, never on who deploys. Code found
at such an address is that code's work, since nothing else can create there.

>>> create2_address(b"").startswith("0x")
True
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.artifacts import load
from switchgear.chain import Node, code_hash, complete, sender_address, submit
from switchgear.errors import ChainError, DeployerAbsent, InvalidInput, SignerRequired, SwitchgearError, WrongCode
from switchgear.values import to_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""The deterministic deployment proxy; anvil and most chains have it."""
SALT = keccak(text="switchgear")
"""The same for every version: a version is told by its code."""

CANONICAL_REGISTRIES = (
    "0x8004A169FB4a3325136EB29fA0ceB6D2e539a432",
    "0x8004A818BFB912233c491871b3d84c89A494BD9e",
)
"""ERC-8004 identity registries of main and test networks."""

EPHEMERAL_CHAINS = (1337, 31337)
"""Chain ids of local nodes: what is deployed there goes with them."""


def create2_address(init_code: bytes) -> str:
    """Where the proxy creates a contract."""
    deployer = bytes.fromhex(DEPLOYER[2:])
    return to_checksum_address(keccak(b"\xff" + deployer + SALT + keccak(init_code))[12:])


def create_address(creator: str, nonce: int) -> str:
    """Where a contract lies that another created, as its `nonce`-th.

    >>> create_address("0x" + "11" * 20, 1)
    '0x15452EC016c4dc8c549E7fe6Ff4b26324Ea8b7A4'

    Raises:
        InvalidInput: The nonce is not from 1 to 127.
    """
    if not 0 < nonce < 0x80:  # noqa: PLR2004 - beyond it RLP has another form
        message = f"nonces from 1 to 127, not {nonce}"
        raise InvalidInput(message)
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(to_address(creator)[2:]) + bytes([nonce]))[12:])


def check_code(node: Node, address: str, code: bytes, names: Sequence[str], cold_half: str) -> None:
    """Whether both halves of a contract are this version's: whoever deployed it chose what its fallback runs.

    Args:
        node: Of its chain.
        address: Where it is.
        code: What is there.
        names: Contracts that it may be.
        cold_half: The contract that it has created first, and whose code its fallback runs.

    Raises:
        WrongCode: The code is none of theirs, or the cold half's is not.
    """
    artifacts = [load(name) for name in names]
    if not any(one.matches(code) for one in artifacts):
        expected = " or ".join(str(one.code_hash) for one in artifacts)
        found = code_hash(artifacts[0].blank(code) if len(artifacts) == 1 else code)
        raise WrongCode(" or ".join(names), address, expected, found)
    half, cold = create_address(address, 1), load(cold_half)
    if not cold.matches(there := node.code(half)):
        raise WrongCode(cold_half, half, str(cold.code_hash), code_hash(cold.blank(there)))


@cache
def core_address() -> str:
    """Address of this version's CircuitBreaker, on every chain."""
    return create2_address(load("CircuitBreaker").init_code())


@cache
def identity_address(core: str | None = None) -> str:
    """Address of the AgentIdentity that tells a core (by default this version's) of transfers."""
    return create2_address(load("AgentIdentity").init_code(core or core_address()))


@dataclass(frozen=True)
class Deployed:
    """One contract of a deployment."""

    name: str
    address: str
    code_hash: str
    """keccak-256 of its code, in 0x hex; empty if it is not there yet."""
    transaction: str | None
    """That created it, if known."""
    block: int | None
    """In which it was created, if known: where to start looking for its events."""
    created: bool
    """Whether this call created it."""


def deploy(
    node: Node, name: str, *args: Any, sender: Any = None, dry_run: bool = False, simulate: bool = True
) -> Deployed:
    """Creates a contract at its address; if it is there already, says so and sends nothing.

    Args:
        node: The chain.
        name: A contract whose artifact is shipped.
        args: Constructor arguments.
        sender: Who pays: a LocalAccount, an Ape account, or an address unlocked at the node.
        dry_run: Send nothing.
        simulate: Whether to run the constructor first; not if it calls what is not there yet.

    Raises:
        DeployerAbsent: The chain lacks the deployment proxy.
        SignerRequired: There is something to send and nobody to sign it.
        ContractReverted: The constructor refuses.
        ChainError: Another failure of node or chain.
    """
    init_code = load(name).init_code(*args)
    address = create2_address(init_code)
    present = node.code(address)
    if present:
        return Deployed(name, address, code_hash(present), None, None, created=False)
    if not node.code(DEPLOYER):
        raise DeployerAbsent(DEPLOYER, node.chain_id)
    request: dict[str, Any] = {
        "to": DEPLOYER,
        "data": "0x" + (SALT + init_code).hex(),
        "value": 0,
        "chainId": node.chain_id,
    }
    if simulate:
        # Created directly: the proxy would hide why a constructor fails.
        node.call({"data": "0x" + init_code.hex()}, "pending")
    if dry_run:
        return Deployed(name, address, "", None, None, created=False)
    if sender is None:
        message = f"{name} is not deployed at {address}: give an account to deploy it with"
        raise SignerRequired(message)
    request["from"] = sender_address(sender)
    complete(node, request)
    mined = submit(node, request, sender)
    code = node.code(address)
    if not code:
        message = f"{DEPLOYER} ran and left nothing at {address}: what is there is not the deployment proxy"
        raise ChainError(message)
    block = int(mined["blockNumber"], 16)
    return Deployed(name, address, code_hash(code), mined["transactionHash"], block, created=True)


@dataclass(frozen=True)
class Record:
    """What was deployed on a chain."""

    chain_id: int
    contracts: dict[str, Deployed]
    """By name."""

    @classmethod
    def read(cls, path: Path) -> Record:
        """From a file.

        Raises:
            RecordAbsent: There is none.
            RecordInvalid: It is no record.
        """
        try:
            data = json.loads(path.read_text())
            contracts = {name: Deployed(name=name, created=False, **one) for name, one in data["contracts"].items()}
            return cls(int(data["chain_id"]), contracts)
        except FileNotFoundError:
            message = f"no deployment is recorded in {path}: run `ape run deploy` on this network"
            raise RecordAbsent(message) from None
        except (ValueError, TypeError, KeyError) as error:
            message = f"{path} is no deployment record ({error}): restore it, or deploy again"
            raise RecordInvalid(message) from error

    def write(self, path: Path) -> None:
        """To a file, whole or not at all."""
        shown = {}
        for name, one in self.contracts.items():
            fields = asdict(one)
            del fields["name"], fields["created"]
            shown[name] = fields
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps({"chain_id": self.chain_id, "contracts": shown}, indent=2) + "\n")
        draft.replace(path)


class RecordAbsent(SwitchgearError):
    """No deployment is recorded for this chain."""


class RecordInvalid(SwitchgearError):
    """A file is no deployment record."""

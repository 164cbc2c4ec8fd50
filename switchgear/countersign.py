"""`Countersign`: people approve what an agent may not do alone; the client of ``contracts/Countersign.sol`` (WP-7).

A proposal is made once, explained to and signed by each, collected and handed in:

>>> council = Countersign(connect("http://127.0.0.1:8545"), "0xc0...")                          # doctest: +SKIP
>>> proposal = council.propose(policy, account, wallet, calls, expiry=tomorrow)                  # doctest: +SKIP
>>> print(*council.explain(proposal), sep=chr(10))                                               # doctest: +SKIP
>>> council.approve(proposal, [sign(proposal, alice), sign(proposal, bob)], sender=anyone)       # doctest: +SKIP

Between people it travels as JSON. What a reader signs is derived anew from the calls in it, never taken from the file.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak

from switchgear import signing
from switchgear.artifacts import load
from switchgear.breaker import Breaker
from switchgear.chain import BlockIdentifier, Transaction
from switchgear.delayed import Delayed
from switchgear.display import show, show_amount, to_instant
from switchgear.errors import InvalidInput, LaneNotOpen, SignaturesMissing
from switchgear.interface import Interface
from switchgear.tokens import read_token
from switchgear.types import ZERO_ADDRESS, Subject
from switchgear.values import from_duration, from_instant, to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from web3 import Web3

    from switchgear.errors import NeedsCountersignature, NotCountersigned
    from switchgear.interface import Event
    from switchgear.tokens import Token

DOMAIN = ("Switchgear Countersign", "1")
"""Name and version of a council's EIP-712 domain."""
_FORMAT = "switchgear-countersign-1"
_ADDRESS_BYTES = 20
_WORD = 32


class Call(NamedTuple):
    """One call of an execution."""

    target: str
    value: int
    """In wei."""
    data: bytes


class Action(NamedTuple):
    """What is signed (``ICountersign.Action``)."""

    policy: str
    account: str
    wallet: str
    calls: bytes
    nonce: int
    expiry: int


class Signature(NamedTuple):
    """Somebody's consent."""

    signer: bytes
    """20 bytes of an address, or an ERC-7913 verifier and its key."""
    signature: bytes


class Meaning(NamedTuple):
    """What a call does, as far as its data tell."""

    text: str
    asset: str | None
    """The token, or the zero address for the chain's own coin; None if nothing is known."""


class State(IntEnum):
    """What became of a nonce of a policy (``ICountersign.State``)."""

    NONE = 0
    APPROVED = 1
    CONSUMED = 2
    VETOED = 3


@dataclass(frozen=True)
class ApprovalView:
    """What a council remembers of a nonce of a policy (``approvalOf``)."""

    id: bytes
    policy: str | None
    """None if it was vetoed before it was approved, or never seen."""
    eta: datetime | None
    """From when it serves an action that has to wait."""
    expiry: datetime | None
    """From when it counts no longer."""
    state: State


@dataclass(frozen=True)
class Proposal:
    """One exact action, with the calls that its hash is of, before a council."""

    chain_id: int
    council: str
    action: Action
    calls: tuple[Call, ...]

    def __post_init__(self) -> None:
        """Refuses an action that is not of these calls."""
        if calls_hash(self.calls) != self.action.calls:
            message = "the action is not of these calls: their hash differs"
            raise InvalidInput(message)

    @property
    def typed_data(self) -> signing.TypedData:
        """What is signed, as EIP-712 typed data."""
        fields = {
            "policy": ("address", self.action.policy),
            "account": ("address", self.action.account),
            "wallet": ("address", self.action.wallet),
            "calls": ("bytes32", self.action.calls),
            "nonce": ("uint256", self.action.nonce),
            "expiry": ("uint40", self.action.expiry),
        }
        return signing.typed_data("Action", fields, DOMAIN, self.chain_id, self.council)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that a signature is over."""
        return signing.digest(self.typed_data)

    @property
    def id(self) -> bytes:
        """Names the nonce once it is approved (``idOf``)."""
        return approval_id(self.action.policy, self.action.nonce)

    def to_json(self, signatures: Iterable[Signature] = ()) -> str:
        """The proposal, and signatures if there are some, as a text to pass on."""
        action = {
            key: _hex(value) if isinstance(value, bytes) else value for key, value in self.action._asdict().items()
        }
        data = {
            "format": _FORMAT,
            "chainId": self.chain_id,
            "council": self.council,
            "action": {**action, "nonce": str(self.action.nonce)},
            "calls": [{"target": one.target, "value": str(one.value), "data": _hex(one.data)} for one in self.calls],
            "digest": _hex(self.digest),
            "signatures": [{"signer": _hex(s.signer), "signature": _hex(s.signature)} for s in signatures],
        }
        return json.dumps(data, indent=2) + "\n"


def from_json(text: str) -> tuple[Proposal, tuple[Signature, ...]]:
    """A proposal and its signatures from a text that somebody else wrote.

    Every field is checked, and hash of the calls and digest are computed from the calls, so that nobody signs
    anything but what the file shows.

    Raises:
        InvalidInput: It is no such text, a field is wrong, or a hash is not that of what the text shows.
    """
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            message = f"the format is {data['format']!r}, not {_FORMAT!r}"
            raise InvalidInput(message)
        calls = to_calls((one["target"], int(one["value"]), _bytes(one["data"])) for one in data["calls"])
        action = data["action"]
        proposal = Proposal(
            chain_id=to_uint(data["chainId"], name="chainId"),
            council=to_address(data["council"], name="council"),
            action=Action(
                policy=to_address(action["policy"], name="policy"),
                account=to_address(action["account"], name="account"),
                wallet=to_address(action["wallet"], name="wallet"),
                calls=_bytes(action["calls"]),
                nonce=to_uint(int(action["nonce"]), name="nonce"),
                expiry=to_uint(action["expiry"], bits=40, name="expiry"),
            ),
            calls=calls,
        )
        signatures = tuple(Signature(_bytes(s["signer"]), _bytes(s["signature"])) for s in data["signatures"])
        stated = _bytes(data["digest"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        message = f"this is no proposal: {type(error).__name__} {error}"
        raise InvalidInput(message) from error
    if stated != proposal.digest:
        message = f"the file says {_hex(stated)} is signed, but what it shows is {_hex(proposal.digest)}"
        raise InvalidInput(message)
    return proposal, signatures


def to_calls(calls: Iterable[tuple[Any, int, bytes]]) -> tuple[Call, ...]:
    """Calls by (target, value in wei, data), checked."""
    checked = tuple(
        Call(to_address(target, name="target"), to_uint(value), bytes(data)) for target, value, data in calls
    )
    if not checked:
        message = "an execution has at least one call"
        raise InvalidInput(message)
    return checked


def calls_hash(calls: Iterable[tuple[Any, int, bytes]]) -> bytes:
    """Hash of an execution, as ``SessionPolicy.callsHash`` has it: of the hashes of its calls, one after the other.

    >>> calls_hash([("0x" + "11" * 20, 0, b"")]).hex()[:8]
    '4be83444'
    """
    types = ["address", "uint256", "bytes32"]
    return keccak(b"".join(keccak(encode(types, [to, value, keccak(data)])) for to, value, data in to_calls(calls)))


def approval_id(policy: str, nonce: int) -> bytes:
    """Name of a nonce of a policy (``idOf``)."""
    return keccak(encode(["address", "uint256"], [to_address(policy, name="policy"), to_uint(nonce, name="nonce")]))


def sign(proposal: Proposal, account: Any) -> Signature:
    """Signs with an eth_account LocalAccount or an Ape account; see `signing.sign` for the errors."""
    signature = signing.sign(proposal.typed_data, account)
    return Signature(_signer(to_address(account, name="account")), signature)


def describe(call: Call, token: Token | None = None) -> Meaning:
    """What a call does, by the selectors of tokens.

    The same selector is an amount for one token and an id for another: the text says "amount or id" then.

    Args:
        call: One of an execution.
        token: What its target says of itself, if it is a token: amounts are in its unit then, and raw beside it.
    """
    coin = f", with {show_amount(call.value)} wei" if call.value else ""
    if not call.data:
        return Meaning(f"send {show_amount(call.value)} wei to {call.target}", ZERO_ADDRESS)
    types, text = _TOKENS.get(call.data[:4], ([], ""))
    values = _decode(types, call.data[4:])
    if not values:
        return Meaning(f"call {call.target} with {_hex(call.data)}{coin}: unknown here, read it elsewhere", None)
    # An id is none of the token's units.
    amount = show_amount if token is None or "id {" in text else token.show
    named = [
        to_address(value, zero=True) if kind == "address" else amount(value) if kind == "uint256" else value
        for kind, value in zip(types, values, strict=True)
    ]
    return Meaning(f"{text.format(*named, token=call.target)}{coin}", call.target)


class Countersign(Delayed):
    """A council of people that approves what an agent may not do alone.

    Every read takes `block_identifier`; everything that changes state takes `sender` and `dry_run`, simulates first and
    returns a `Transaction`; see `Contract.send` for the errors. Signers can be given as addresses, or as bytes.

    Args:
        web3: A node; see `switchgear.connect`.
        address: Of the council.
        chain_id: The chain that the node must serve; any if None.
    """

    name = "Countersign"

    def __init__(self, web3: Web3, address: str, *, chain_id: int | None = None) -> None:
        super().__init__(web3, address, Interface(load(self.name).abi), chain_id=chain_id)

    # ------------------------------------------------------------------ reads

    def core(self, *, block_identifier: BlockIdentifier = "latest") -> str:
        """The core that knows agents' wallets and policies' guardians (``circuitBreaker``)."""
        return str(self.read("circuitBreaker", block_identifier=block_identifier))

    def signers(self, *, block_identifier: BlockIdentifier = "latest") -> tuple[bytes, ...]:
        """Who may sign (``getSigners``)."""
        return tuple(self.read("getSigners", 0, 2**64 - 1, block_identifier=block_identifier))

    def threshold(self, *, block_identifier: BlockIdentifier = "latest") -> int:
        """How many must sign (``threshold``)."""
        return int(self.read("threshold", block_identifier=block_identifier))

    def delay(self, *, block_identifier: BlockIdentifier = "latest") -> timedelta:
        """How long what has to wait waits (``delay``)."""
        return timedelta(seconds=self.read("delay", block_identifier=block_identifier))

    def status(self, approval: bytes, *, block_identifier: BlockIdentifier = "latest") -> ApprovalView:
        """What became of an approval, by its id (``approvalOf``)."""
        return _view(approval, self.read("approvalOf", approval, block_identifier=block_identifier))

    def newest(self, action: Action, *, block_identifier: BlockIdentifier = "latest") -> ApprovalView | None:
        """The last approval of just this execution, whatever became of it (``newestOf``); None if there is none."""
        question = (action.policy, action.account, action.wallet, action.calls)
        approval = bytes(self.read("newestOf", *question, block_identifier=block_identifier))
        return self.status(approval, block_identifier=block_identifier) if any(approval) else None

    def pending(
        self, policy: str, *, from_block: int = 0, block_identifier: BlockIdentifier = "latest"
    ) -> list[ApprovalView]:
        """Approvals of a policy that may be consumed, now or when their wait is over, oldest first."""
        last = self.node.block(block_identifier)
        number, now = int(last["number"], 16), int(last["timestamp"], 16)
        found = [
            event.args["id"]
            for event in self.events(
                "Countersigned", from_block=from_block, to_block=number, policy=to_address(policy, name="policy")
            )
        ]
        answers = self.read_many([("approvalOf", [one]) for one in found], block_identifier=number) if found else []
        return [
            _view(one, answer)
            for one, answer in zip(found, answers, strict=True)
            if answer[3] == State.APPROVED and now < answer[2]
        ]

    def action(self, approval: bytes, *, from_block: int = 0) -> Action:
        """What was approved under an id, from the event that says so.

        Raises:
            InvalidInput: Nothing was.
        """
        event: Event | None = next(self.events("Countersigned", from_block=from_block, id=approval), None)
        if event is None:
            message = f"nothing was approved as {_hex(approval)}"
            raise InvalidInput(message)
        policy, account, wallet, *rest = event.args["action"]
        return Action(to_address(policy), to_address(account), to_address(wallet), *rest)

    # ------------------------------------------------------------------ proposals

    def propose(
        self,
        policy: str,
        account: str,
        wallet: str,
        calls: Sequence[tuple[Any, int, bytes]],
        *,
        expiry: datetime | int,
        nonce: int | None = None,
    ) -> Proposal:
        """One exact action to be signed. Nothing is sent.

        Args:
            policy: The account's policy, which will consume the approval.
            account: The account that acts.
            wallet: The agent's wallet that acts for it.
            calls: What it will execute: (target, value in wei, data) each.
            expiry: From when the approval counts no longer.
            nonce: Never used before for this policy; a random one by default. To replace a proposal that is not
                approved yet, take its nonce: at most one of the two can be approved.
        """
        checked = to_calls(calls)
        action = Action(
            policy=to_address(policy, name="policy"),
            account=to_address(account, name="account"),
            wallet=to_address(wallet, name="wallet"),
            calls=calls_hash(checked),
            nonce=secrets.randbits(256) if nonce is None else to_uint(nonce, name="nonce"),
            expiry=from_instant(expiry, bits=40, name="expiry"),
        )
        return Proposal(self.node.chain_id, self.address, action, checked)

    def propose_for(
        self,
        error: NotCountersigned | NeedsCountersignature,
        policy: str,
        account: str,
        calls: Sequence[tuple[Any, int, bytes]],
        *,
        expiry: datetime | int,
    ) -> Proposal:
        """A proposal of what a policy has just refused; the error's `payload` becomes its typed data.

        Raises:
            InvalidInput: The refused execution was another.
        """
        proposal = self.propose(policy, account, error.wallet, calls, expiry=expiry)
        if proposal.action.calls != error.calls:
            message = f"these are not the calls that were refused: {show(error.calls)}"
            raise InvalidInput(message)
        error.payload = proposal.typed_data
        return proposal

    def explain(self, proposal: Proposal, read: Callable[[Call], Meaning] | None = None) -> list[str]:
        """What somebody is asked to sign, in words, line by line: who, what, what is left of the budget, and when.

        All of it is read from the chain and from the calls themselves, by whoever is asked.

        Args:
            proposal: Of this council.
            read: What a call means; by default what the selectors of tokens tell, with amounts in the unit that the
                token itself names, and raw beside it.
        """
        self._own(proposal)
        action = proposal.action
        breaker = Breaker(self.node.web3, self.core(), verify_code=False)
        agent = breaker.status(action.wallet).agent
        who = f"agent {agent}" if agent else "no agent (the core does not know this wallet)"
        lines = [
            f"{who}, by its wallet {action.wallet}, for the account {action.account}, under policy {action.policy}:"
        ]
        assets: list[str] = []
        for call in proposal.calls:
            meaning = read(call) if read else describe(call, read_token(self.node, call.target))
            lines.append(f"  {meaning.text}")
            touched = [meaning.asset, ZERO_ADDRESS if call.value else None]
            assets += [asset for asset in touched if asset is not None and asset not in assets]
        lines += [self._budget(breaker, action.policy, asset, agent) for asset in assets]
        signers, threshold, wait = len(self.signers()), self.threshold(), self.delay()
        window = timedelta(seconds=self.read("APPROVAL_WINDOW"))
        lines.append(
            f"once, as soon as {threshold} of {signers} signatures are handed in; {wait} later if it has to wait"
        )
        expiry = show(to_instant(action.expiry))
        lines.append(f"expires {expiry}, or {wait + window} after they were handed in if that is earlier")
        lines.append(f"chain {proposal.chain_id}, council {proposal.council}, nonce {action.nonce}")
        lines.append(f"to be signed: {_hex(proposal.digest)}")
        return lines

    def collect(self, proposal: Proposal, signatures: Iterable[Signature]) -> list[Signature]:
        """Signatures as the council takes them: each signer once, sorted, enough of them.

        Signatures of keys are verified here. Those of contracts and verifiers are when the approval is simulated.

        Raises:
            SignaturesMissing: Too few have signed; it says who else could.
            InvalidInput: The proposal is another council's, or a signature is not its signer's, or of no signer here.
        """
        self._own(proposal)
        signers = self.signers()
        given: dict[bytes, Signature] = {}
        for one in signatures:
            if one.signer not in signers:
                message = f"{_hex(one.signer)} is no signer of this council"
                raise InvalidInput(message)
            if self._is_key(one.signer) and _recover(proposal.digest, one.signature) != one.signer:
                message = f"the signature of {_hex(one.signer)} is not over this proposal"
                raise InvalidInput(message)
            given[one.signer] = one
        threshold = self.threshold()
        if len(given) < threshold:
            missing = tuple(one for one in signers if one not in given)
            raise SignaturesMissing(len(given), threshold, missing)
        return sorted(given.values(), key=lambda one: keccak(one.signer))

    # ------------------------------------------------------------------ transactions

    def approve(
        self, proposal: Proposal, signatures: Iterable[Signature], *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Collect the signatures and hand them in (``approve``); the wait starts with it. Anyone."""
        sorted_ = self.collect(proposal, signatures)
        signers, values = [one.signer for one in sorted_], [one.signature for one in sorted_]
        return self.send("approve", proposal.action, signers, values, sender=sender, dry_run=dry_run)

    def veto(self, approval: bytes, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Say no, for good, by id (``veto``).

        Owner and signers, also before it is approved; guardians of the policy as soon as it is.
        """
        return self.send("veto", approval, sender=sender, dry_run=dry_run)

    def set_threshold(self, threshold: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Have more people sign, at once (``setThreshold``); fewer through `schedule`. Owner."""
        return self.send("setThreshold", to_uint(threshold, bits=64), sender=sender, dry_run=dry_run)

    def set_delay(self, delay: timedelta | int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Have it wait longer, at once (``setDelay``); shorter through `schedule`. Owner."""
        return self.send("setDelay", from_duration(delay, bits=40), sender=sender, dry_run=dry_run)

    def _own(self, proposal: Proposal) -> None:
        if (proposal.chain_id, proposal.council) != (self.node.chain_id, self.address):
            message = (
                f"the proposal is for the council {proposal.council} on chain {proposal.chain_id}, "
                f"not for {self.address} on chain {self.node.chain_id}"
            )
            raise InvalidInput(message)

    def _is_key(self, signer: bytes) -> bool:
        return len(signer) == _ADDRESS_BYTES and not self.node.code(_hex(signer))

    def _budget(self, breaker: Breaker, policy: str, asset: str, agent: int) -> str:
        name = "the chain's own coin" if asset == ZERO_ADDRESS else asset
        try:
            usage = breaker.usage(policy, int(asset, 16), Subject.of_agent(agent))
        except LaneNotOpen:
            return f"  budget of {name}: none, the policy knows no limits for it"
        if usage.value_cap is None:
            return f"  budget of {name}: unlimited"
        cap, used = int(usage.value_cap), int(usage.value_used)
        token = None if asset == ZERO_ADDRESS else read_token(self.node, asset)
        amount = token.brief if token else show_amount
        return f"  budget of {name}: {amount(max(cap - used, 0))} left of {amount(cap)} in the window"


def signers_of(signers: Iterable[Any]) -> list[bytes]:
    """Signers as the contract takes them, from addresses, accounts, or bytes as they are."""
    return [bytes(one) if isinstance(one, bytes) else _signer(to_address(one, name="signer")) for one in signers]


_TOKENS = {
    keccak(text=f"{name}({','.join(types)})")[:4]: (types, text)
    for name, types, text in (
        ("transfer", ["address", "uint256"], "transfer {1} of {token} to {0}"),
        ("transferFrom", ["address", "address", "uint256"], "transfer {2} (amount or id) of {token} from {0} to {1}"),
        ("approve", ["address", "uint256"], "let {0} take {1} (amount or id) of {token}"),
        ("increaseAllowance", ["address", "uint256"], "let {0} take {1} more of {token}"),
        ("safeTransferFrom", ["address", "address", "uint256"], "transfer id {2} of {token} from {0} to {1}"),
        (
            "safeTransferFrom",
            ["address", "address", "uint256", "bytes"],
            "transfer id {2} of {token} from {0} to {1}, and call it",
        ),
        ("setApprovalForAll", ["address", "bool"], "let {0} take all of {token}: {1}"),
    )
}


def _signer(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def _view(approval: bytes, answer: Sequence[Any]) -> ApprovalView:
    policy, eta, expiry, state = answer
    known = policy != ZERO_ADDRESS
    return ApprovalView(
        id=approval,
        policy=to_address(policy) if known else None,
        eta=to_instant(eta) if known else None,
        expiry=to_instant(expiry) if known else None,
        state=State(state),
    )


def _recover(digest: bytes, signature: bytes) -> bytes | None:
    try:
        return _signer(Account._recover_hash(digest, signature=signature))
    except (BadSignature, ValueError):
        return None


def _decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The arguments; none if they are not encoded as a compiler would, since a target may read them otherwise then."""
    try:
        values = decode(types, data)
    except DecodingError:
        return ()
    return values if data.startswith(encode(types, values)) else ()


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        message = f"{text!r} does not start with 0x"
        raise InvalidInput(message)
    return bytes.fromhex(text[2:])

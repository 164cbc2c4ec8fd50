"""`Commerce`: the client of an ERC-8183 job escrow (``AgenticCommerce``); and what its hook is deployed with.

>>> jobs = Commerce(connect("http://127.0.0.1:8545"), "0x...")                          # doctest: +SKIP
>>> job_id = jobs.create_job(evaluator, expires=tomorrow, description="...", sender=client)  # doctest: +SKIP
>>> jobs.approve(Decimal("2.5"), sender=client)                                         # doctest: +SKIP
>>> jobs.fund(job_id, Decimal("2.5"), sender=client)                                    # doctest: +SKIP
"""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.artifacts import load
from switchgear.chain import BlockIdentifier, Contract, Transaction
from switchgear.display import to_instant
from switchgear.errors import InvalidInput, UnknownJob
from switchgear.interface import Interface
from switchgear.types import ZERO_ADDRESS, JobState
from switchgear.values import from_instant, to_address, to_amount, to_raw, to_uint

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from web3 import Web3

    from switchgear.types import LanePolicy, Limits

DELIVERY_LANE = 1 << 160
"""Lane of a hook in which providers are charged for deliveries, counted (``CommerceHook.DELIVERY_LANE``)."""
PAYMENT_LANE = 0
"""Lane of a hook in which clients are charged, where all jobs are paid in one token (``CommerceHook.paymentLane``)."""


class Job(NamedTuple):
    """A job, as the escrow has it."""

    job_id: int
    state: JobState
    client: str
    provider: str | None
    """None until one is named."""
    evaluator: str
    hook: str | None
    budget: Decimal
    """In the token's units; zero until set."""
    expires: datetime | None
    """First second at which it can be refunded; None past the year 9999."""
    description: str


class Commerce(Contract):
    """A job escrow (``IAgenticCommerce``).

    Amounts are in the token's units: an int, a str or a Decimal with no more decimals than the token has. Every read
    takes `block_identifier`; everything that changes state takes `sender` and `dry_run`, simulates first and returns a
    `Transaction`; see `Contract.send` for the errors. What a job's hook refuses is `HookRefused`, with its `refusal`.

    Args:
        web3: A node; see `switchgear.connect`.
        address: Of the escrow.
        chain_id: The chain that the node must serve; any if None.
    """

    name = "job escrow"

    def __init__(self, web3: Web3, address: str, *, chain_id: int | None = None) -> None:
        super().__init__(web3, address, Interface(load("AgenticCommerce").abi), chain_id=chain_id)

    # ------------------------------------------------------------------ reads

    @cached_property
    def token(self) -> str:
        """What all jobs are paid in (``token``)."""
        return str(self.read("token"))

    @cached_property
    def decimals(self) -> int:
        """Of the token (ERC-20 ``decimals``)."""
        return int(self._token.read("decimals"))

    @cached_property
    def required_hook(self) -> str | None:
        """The hook that every job must have; None if clients choose (``requiredHook``)."""
        return _some(self.read("requiredHook"))

    def job_count(self, *, block_identifier: BlockIdentifier = "latest") -> int:
        """Jobs so far; their ids are 1 to this (``jobCount``)."""
        return int(self.read("jobCount", block_identifier=block_identifier))

    def job(self, job_id: int, *, block_identifier: BlockIdentifier = "latest") -> Job:
        """A job (``getJob``, ``descriptionOf``); `UnknownJob` if there is none of this id."""
        job_id = to_uint(job_id, name="job_id")
        fields, description = self.read_many(
            [("getJob", [job_id]), ("descriptionOf", [job_id])], block_identifier=block_identifier
        )
        client, state, expired_at, provider, evaluator, hook, budget = fields
        if _some(client) is None:
            raise UnknownJob(job_id)
        return Job(
            job_id=job_id,
            state=JobState(state),
            client=to_checksum_address(client),
            provider=_some(provider),
            evaluator=to_checksum_address(evaluator),
            hook=_some(hook),
            budget=to_amount(budget, decimals=self.decimals),
            expires=to_instant(expired_at),
            description=description,
        )

    def allowance(self, client: str, *, block_identifier: BlockIdentifier = "latest") -> Decimal:
        """How much the escrow may still take from a client (ERC-20 ``allowance``)."""
        pair = to_address(client, name="client"), self.address
        return to_amount(
            self._token.read("allowance", *pair, block_identifier=block_identifier), decimals=self.decimals
        )

    # ------------------------------------------------------------------ client

    def create_job(
        self,
        evaluator: str,
        *,
        expires: datetime | int,
        description: str,
        provider: str | None = None,
        hook: str | None = None,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Create a job as its client (``createJob``). Its id is the result, and in the event JobCreated.

        Args:
            evaluator: Who will judge; may be the sender.
            expires: First second at which anyone can have it refunded.
            description: What is asked for; kept on-chain.
            provider: None to name it later.
            hook: The escrow's required one if None; where clients choose, no hook.
            sender: The client.
            dry_run: Simulate only.
        """
        return self.send(
            "createJob",
            _address(provider, "provider"),
            to_address(evaluator, name="evaluator"),
            from_instant(expires, name="expires"),
            description,
            _address(hook or self.required_hook, "hook"),
            sender=sender,
            dry_run=dry_run,
        )

    def set_provider(
        self, job_id: int, provider: str, *, data: bytes = b"", sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Name the provider of an open job that has none (``setProvider``). Client.

        Args:
            job_id: The job.
            provider: Who will work.
            data: For the job's hook; likewise in what follows.
            sender: The client.
            dry_run: Simulate only.
        """
        pair = to_uint(job_id, name="job_id"), to_address(provider, name="provider")
        return self.send("setProvider", *pair, data, sender=sender, dry_run=dry_run)

    def approve(self, amount: Decimal | int | str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Allow the escrow to take this much, in place of what was allowed before (ERC-20 ``approve``). Client."""
        raw = to_raw(amount, decimals=self.decimals, name="amount")
        return self._token.send("approve", self.address, raw, sender=sender, dry_run=dry_run)

    def fund(
        self,
        job_id: int,
        expected_budget: Decimal | int | str,
        *,
        data: bytes = b"",
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Pay the budget of an open job in (``fund``); see `approve`. Client.

        `BudgetMismatch` if it is not the expected one, whoever changed it meanwhile.
        """
        pair = to_uint(job_id, name="job_id"), self._raw(expected_budget)
        return self.send("fund", *pair, data, sender=sender, dry_run=dry_run)

    def set_budget(
        self, job_id: int, amount: Decimal | int | str, *, data: bytes = b"", sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Set what an open job pays (``setBudget``). Client or provider."""
        pair = to_uint(job_id, name="job_id"), self._raw(amount)
        return self.send("setBudget", *pair, data, sender=sender, dry_run=dry_run)

    # ------------------------------------------------------------------ provider, evaluator, anyone

    def submit(
        self, job_id: int, deliverable: bytes, *, data: bytes = b"", sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Hand the work of a funded job in (``submit``). Provider.

        Args:
            job_id: The job.
            deliverable: 32 bytes: a hash of the work, or a reference.
            data: For the job's hook.
            sender: The provider.
            dry_run: Simulate only.
        """
        pair = to_uint(job_id, name="job_id"), _word(deliverable, "deliverable")
        return self.send("submit", *pair, data, sender=sender, dry_run=dry_run)

    def complete(
        self, job_id: int, reason: bytes = bytes(32), *, data: bytes = b"", sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Accept submitted work: the provider is paid (``complete``). Evaluator.

        Args:
            job_id: The job.
            reason: 32 bytes: a hash of the evidence, or zero.
            data: For the job's hook.
            sender: The evaluator.
            dry_run: Simulate only.
        """
        pair = to_uint(job_id, name="job_id"), _word(reason, "reason")
        return self.send("complete", *pair, data, sender=sender, dry_run=dry_run)

    def reject(
        self, job_id: int, reason: bytes = bytes(32), *, data: bytes = b"", sender: Any, dry_run: bool = False
    ) -> Transaction:
        """End a job; what was paid in goes back (``reject``). Evaluator, or while it is open its client.

        Args:
            job_id: The job.
            reason: 32 bytes: a hash of the evidence, or zero.
            data: For the job's hook.
            sender: The evaluator or client.
            dry_run: Simulate only.
        """
        pair = to_uint(job_id, name="job_id"), _word(reason, "reason")
        return self.send("reject", *pair, data, sender=sender, dry_run=dry_run)

    def claim_refund(self, job_id: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Give the client of an expired job its money back (``claimRefund``). Anyone; no hook can be in its way."""
        return self.send("claimRefund", to_uint(job_id, name="job_id"), sender=sender, dry_run=dry_run)

    # ------------------------------------------------------------------ internal

    @cached_property
    def _token(self) -> Contract:
        return Contract(self.node.web3, self.token, Interface(_ERC20))

    def _raw(self, amount: Decimal | int | str) -> int:
        return to_raw(amount, decimals=self.decimals, name="budget")


# ---------------------------------------------------------------------------------------------- the hook


class Role(IntEnum):
    """What `CommerceHook` takes a function of a job contract for (enum ``Role``)."""

    UNKNOWN = 0
    FREE = 1
    HIRE = 2
    FUND = 3
    DELIVER = 4
    COMPLETE = 5


class JobWords(NamedTuple):
    """Which words of the answer to ``getJob(uint256)`` say what (struct ``JobWords``)."""

    client: int
    provider: int
    budget: int
    token: int = 0
    """0 if the answer does not say."""


class Lane(NamedTuple):
    """A lane that a hook opens (struct ``Lane``)."""

    lane: int
    """`DELIVERY_LANE`, `PAYMENT_LANE`, or the number of a token's address."""
    limits: Limits
    policy: LanePolicy
    lineages: tuple[int, ...] = ()


class Family(NamedTuple):
    """One version of ERC-8183's job contracts, as a hook has to know it (CM-2)."""

    functions: dict[str, Role]
    """By signature. ``claimRefund``, ``reject`` and ``rejectClaim`` are always free."""
    words: JobWords

    def setup(
        self,
        core: str,
        admin: str,
        job_contracts: list[str],
        lanes: list[Lane],
        *,
        reputation: str = ZERO_ADDRESS,
        identity: str = ZERO_ADDRESS,
    ) -> tuple[Any, ...]:
        """The one argument of the constructor of ``CommerceHook`` (struct ``Setup``).

        Args:
            core: The core to ask.
            admin: Who may tune, trip and reset the lanes.
            job_contracts: Whose hook it is.
            lanes: To open: the one of deliveries, and one for each token.
            reputation: Where completed jobs are reported; zero for nowhere.
            identity: The identity registry that this reputation registry belongs to.
        """
        rules = [(function_signature_to_4byte_selector(text), int(role)) for text, role in self.functions.items()]
        opened = [(lane, limits, policy, list(lineages)) for lane, limits, policy, lineages in lanes]
        return core, admin, job_contracts, rules, self.words, opened, reputation, identity


_COMMON = {
    "submit(uint256,bytes32,bytes)": Role.DELIVER,
    "complete(uint256,bytes32,bytes)": Role.COMPLETE,
}
ERC_TEXT = Family(
    {
        "setProvider(uint256,address,bytes)": Role.HIRE,
        "setBudget(uint256,uint256,bytes)": Role.FREE,
        "fund(uint256,uint256,bytes)": Role.FUND,
        **_COMMON,
    },
    JobWords(client=0, provider=3, budget=6),
)
"""The ERC's normative text: ``AgenticCommerce``."""
KERNEL = Family(ERC_TEXT.functions, JobWords(client=2, provider=3, budget=7))
"""The hooked kernel of the ERC's authors: the same selectors, but other `data` and another layout of jobs."""
UNGUARDED_FUND = Family(
    {
        "createJob(address,address,uint256,string,address)": Role.HIRE,
        "setBudget(uint256,uint256,bytes)": Role.FREE,
        "fund(uint256,bytes)": Role.FUND,
        **_COMMON,
    },
    JobWords(client=2, provider=3, budget=6),
)
"""The first upgradeable reference: ``fund`` names no amount; ``createJob`` is hooked, ``setProvider`` is not."""
CLAIMS = Family(
    {
        "setBudget(uint256,address,uint256,bytes)": Role.FREE,
        "fund(uint256,address,uint256,bytes)": Role.FUND,
        "submitClaim(uint256,uint256,bytes32,bytes)": Role.DELIVER,
        "settleClaim(uint256,uint256,bytes32,bytes)": Role.FREE,
        "approveClaim(uint256,uint256,bytes32,bytes)": Role.FREE,
        **_COMMON,
    },
    JobWords(client=1, provider=3, budget=7, token=9),
)
"""The later reference: a token for each job, and part payments; neither ``createJob`` nor ``setProvider`` is hooked."""


def next_address(deployer: str, nonce: int) -> str:
    """Where an account's contract will be: an escrow names its hook, and the hook names the escrow.

    Args:
        deployer: The account.
        nonce: Of the transaction that deploys the contract.

    >>> next_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 0)
    '0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d'
    """
    number = to_uint(nonce, bits=64, name="nonce")
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    item = data if len(data) == 1 and number < _RLP_STRING else bytes([_RLP_STRING + len(data)]) + data
    payload = b"\x94" + bytes.fromhex(to_address(deployer, name="deployer")[2:]) + item
    return to_checksum_address(keccak(bytes([_RLP_LIST + len(payload)]) + payload)[-20:])


_RLP_STRING, _RLP_LIST = 0x80, 0xC0
_WORD = 32
_ERC20: list[dict[str, Any]] = [
    {"type": "function", "name": "decimals", "inputs": [], "outputs": [{"name": "", "type": "uint8"}]},
    {
        "type": "function",
        "name": "allowance",
        "inputs": [{"name": "owner", "type": "address"}, {"name": "spender", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    },
    {
        "type": "function",
        "name": "approve",
        "inputs": [{"name": "spender", "type": "address"}, {"name": "value", "type": "uint256"}],
        "outputs": [{"name": "", "type": "bool"}],
    },
]


def _some(address: str) -> str | None:
    return None if address == ZERO_ADDRESS else to_checksum_address(address)


def _address(address: str | None, name: str) -> str:
    return ZERO_ADDRESS if address is None else to_address(address, name=name)


def _word(value: bytes, name: str) -> bytes:
    if len(value) != _WORD:
        message = f"{name} has {len(value)} bytes; give 32: a hash, for one"
        raise InvalidInput(message)
    return bytes(value)

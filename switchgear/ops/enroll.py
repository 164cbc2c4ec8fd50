"""``ape run enroll``: register and enrol an agent, and bind its wallet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click
from ape.cli import AccountAliasPromptChoice

from switchgear import signing
from switchgear.display import plain, to_instant
from switchgear.errors import (
    BoundWalletHasNoAuthority,
    DepthExceeded,
    ExpiryNotInFuture,
    InvalidInput,
    NotAuthorized,
    NotEnrolled,
    UnknownLineage,
    WalletBoundElsewhere,
    WalletIsOwner,
)
from switchgear.ops.cli import (
    Command,
    Instant,
    console,
    core_option,
    describe_transaction,
    json_option,
    note,
    print_json,
    sending_options,
)
from switchgear.ops.context import ANYBODY, actor, context, resolve_agent
from switchgear.registry import Registry
from switchgear.types import MAX_DEPTH, NO_EXPIRY, REBIND_DELAY
from switchgear.values import from_instant, to_address

if TYPE_CHECKING:
    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction


@dataclass(frozen=True)
class Binding:
    """A wallet to bind: an account here that signs, or an address with a signature or none yet."""

    wallet: str
    signer: Any
    signature: bytes | None
    expiry: int


@dataclass(frozen=True)
class Outcome:
    """What was done."""

    registry: str
    agent_id: int | None
    """None where registering was only simulated."""
    agent: int | None
    """None where enrolling was only simulated."""
    transactions: tuple[Transaction, ...]
    to_sign: signing.TypedData | None
    """What the wallet, or the parent's owner, has yet to sign, if no signature was given."""


@click.command(cls=Command)
@click.option(
    "--registry", metavar="ADDRESS", help="Identity registry.  [default: the recorded or deterministic AgentIdentity]"
)
@click.option("--agent-id", type=int, help="The agent in the registry, if it is registered.")
@click.option(
    "--register", "uri", metavar="URI", help="Register a new agent with this registration file ('' for none)."
)
@click.option(
    "--parent", metavar="AGENT", help="The agent that spawned it; its owner must be the sender or give --consent."
)
@click.option("--lineage", type=int, default=0, help="Lineage it declares.")
@click.option(
    "--consent", metavar="HEX", help="The parent owner's signature over ParentConsent, good until --deadline."
)
@click.option("--wallet", metavar="ADDRESS|ALIAS", help="Wallet to bind; an Ape account signs here and now.")
@click.option("--signature", metavar="HEX", help="The wallet's signature over WalletBinding, good until --deadline.")
@click.option("--deadline", type=Instant(), help="Last instant at which signatures count.  [default: an hour from now]")
@click.option("--expiry", type=Instant(), help="When the binding ends, such as 30d.  [default: never]")
@sending_options
@core_option
@json_option
def cli(
    registry: str | None,
    agent_id: int | None,
    uri: str | None,
    parent: str | None,
    lineage: int,
    consent: str | None,
    wallet: str | None,
    signature: str | None,
    deadline: datetime | None,
    expiry: datetime | None,
    account: Any,
    dry_run: bool,
    actor_address: str | None,
    core: str | None,
    as_json: bool,
) -> None:
    """Enrol an agent (after registering it, with --register), and bind a wallet to it (with --wallet).

    What is done already is left as it is, so the command can be repeated. For a wallet whose key is elsewhere, run it
    without --signature: it prints the message to sign, and binds when run again with the signature and the same
    --deadline. Likewise for --consent, if another owns the parent.
    """
    if (agent_id is None) == (uri is None):
        message = "give one of --agent-id and --register"
        raise click.UsageError(message)
    if (signature or consent) and deadline is None:
        message = "--signature and --consent need the --deadline that was signed"
        raise click.UsageError(message)
    ctx = context()
    breaker = ctx.breaker(core)
    identity = Registry(ctx.web3, registry or ctx.registry(breaker))
    until = from_instant(deadline or datetime.now(timezone.utc) + timedelta(hours=1))
    owner = ANYBODY if agent_id is None else identity.owner_of(agent_id)
    sender, dry = actor(account, dry_run, actor_address, owner, "owner")
    binding = None
    if wallet is not None:
        address, signer = _wallet(wallet)
        signed = _hex(signature, "--signature") if signature else None
        ends = NO_EXPIRY if expiry is None else from_instant(expiry, bits=40, name="--expiry")
        binding = Binding(address, signer, signed, ends)
    outcome = run(
        breaker,
        identity,
        agent_id=agent_id,
        uri=uri,
        parent=resolve_agent(ctx, breaker, parent) if parent else 0,
        lineage=lineage,
        consent=_hex(consent, "--consent") if consent else b"",
        deadline=until,
        binding=binding,
        sender=sender,
        dry_run=dry,
    )
    if as_json:
        steps = [{"dry_run": not one.sent, **plain(one)} for one in outcome.transactions]
        print_json({**plain(outcome), "transactions": steps, "to_sign": outcome.to_sign})
        return
    for transaction in outcome.transactions:
        describe_transaction(transaction, as_json=False)
    if outcome.agent:
        console().print(f"agent {outcome.agent}: {outcome.registry}:{outcome.agent_id}")
    if outcome.to_sign:
        who, option = ("the wallet", "--signature") if outcome.agent else ("the parent's owner", "--consent")
        note(
            f"{who} has to sign this; then run again with {option} and --deadline {to_instant(until):%Y-%m-%dT%H:%M:%S}"
        )
        print_json(outcome.to_sign)


def run(
    breaker: Breaker,
    registry: Registry,
    *,
    agent_id: int | None,
    uri: str | None,
    parent: int,
    lineage: int,
    consent: bytes,
    deadline: int,
    binding: Binding | None,
    sender: Any,
    dry_run: bool,
) -> Outcome:
    """Registers, enrols and binds what is not yet.

    All that can be known beforehand is checked before the first transaction. In a dry run, what depends on a step that
    was only simulated is left out.
    """
    owner = to_address(sender, name="sender")
    if agent_id is not None and registry.owner_of(agent_id) != owner:
        raise NotAuthorized(owner)
    if bound := breaker.wallet(owner).agent:
        raise BoundWalletHasNoAuthority(owner, bound)
    known = None if agent_id is None else _enrolled(breaker, registry.address, agent_id)
    if binding:
        check_binding(breaker, binding, owner, known)
    if known is None:
        consents = check_parent(breaker, parent, lineage, owner) or bool(consent)
        if not consents and agent_id is None:
            text = f"another owns agent {parent}: register first, and ask for consent with --agent-id and --parent"
            raise InvalidInput(text)
        if not consents and agent_id is not None:
            message = breaker.parent_consent(registry.address, agent_id, parent, deadline)
            return Outcome(registry.address, agent_id, None, (), message)

    done: list[Transaction] = []
    to_sign: signing.TypedData | None = None
    if agent_id is None:
        done.append(registry.register(uri or None, sender=sender, dry_run=dry_run))
        agent_id = int(done[-1].event("Registered").args["agentId"]) if done[-1].sent else None
    if agent_id is not None and known is None:
        done.append(
            breaker.enroll(
                registry.address,
                agent_id,
                parent=parent,
                lineage=lineage,
                deadline=deadline,
                consent=consent,
                sender=sender,
                dry_run=dry_run,
            )
        )
        known = int(done[-1].event("AgentEnrolled").args["agent"]) if done[-1].sent else None
    if binding and known is not None and not _bound(breaker, binding, known):
        message = breaker.wallet_binding(known, binding.wallet, deadline)
        signature = binding.signature or (binding.signer and signing.sign(message, binding.signer))
        if signature:
            ends = {"expiry": binding.expiry, "deadline": deadline}
            done.append(
                breaker.bind_wallet(known, binding.wallet, **ends, signature=signature, sender=sender, dry_run=dry_run)
            )
        else:
            to_sign = message
    return Outcome(registry.address, agent_id, known, tuple(done), to_sign)


def check_parent(breaker: Breaker, parent: int, lineage: int, owner: str) -> bool:
    """Raises what ``enroll`` would over lineage and depth; says whether the parent is the owner's own, or none."""
    if lineage and breaker.provider_of(lineage) is None:
        raise UnknownLineage(lineage)
    if not parent:
        return True
    if breaker.agent(parent).depth == MAX_DEPTH:
        raise DepthExceeded(parent)
    return breaker.owner_of(parent) == owner


def check_binding(breaker: Breaker, binding: Binding, owner: str, agent: int | None) -> None:
    """Raises what ``bindWallet`` would, as far as it can be known before there is a handle."""
    now = int(breaker.node.block("pending")["timestamp"], 16)
    if binding.wallet == owner:
        raise WalletIsOwner(owner)
    if binding.expiry <= now:
        raise ExpiryNotInFuture(to_instant(binding.expiry))
    word = breaker.wallet(binding.wallet).raw
    if word.agent and word.agent != agent:
        free_at = word.revoked_at + REBIND_DELAY if word.revoked_at else None
        if free_at is None or now < free_at:
            raise WalletBoundElsewhere(binding.wallet, word.agent, None if free_at is None else to_instant(free_at))


def _bound(breaker: Breaker, binding: Binding, agent: int) -> bool:
    """Whether the wallet is bound just so already."""
    word = breaker.wallet(binding.wallet).raw
    current = word.agent == agent and word.epoch == breaker.agent(agent).raw.epoch and not word.revoked_at
    return current and word.expiry == binding.expiry


def _enrolled(breaker: Breaker, registry: str, agent_id: int) -> int | None:
    try:
        return breaker.agent_of(registry, agent_id)
    except NotEnrolled:
        return None


def _wallet(text: str) -> tuple[str, Any]:
    """Address of a wallet and, if it is an Ape account, the account."""
    if text.startswith("0x"):
        return to_address(text, name="--wallet"), None
    account = AccountAliasPromptChoice().convert(text, None, None)
    return to_address(account), account


def _hex(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        message = f"{name} is not hex"
        raise InvalidInput(message) from None

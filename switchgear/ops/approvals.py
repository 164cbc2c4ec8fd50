"""``ape agents approvals``: what people countersign for an agent, from the proposal to the veto (WP-7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from ape.cli import AccountAliasPromptChoice
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector
from rich.table import Table

from switchgear import decoder
from switchgear.breaker import Breaker
from switchgear.chain import sender_address
from switchgear.countersign import (
    Action,
    Call,
    Countersign,
    Meaning,
    Proposal,
    Signature,
    State,
    describe,
    from_json,
    sign,
    signers_of,
)
from switchgear.display import show, show_amount
from switchgear.errors import InvalidInput, MalformedArguments, NoSelector, NotCountersigned
from switchgear.execution import execute_safe
from switchgear.ops.cli import (
    Command,
    Instant,
    console,
    describe_transaction,
    json_option,
    note,
    print_json,
    sending_options,
)
from switchgear.ops.context import ANYBODY, Context, actor, context
from switchgear.policy import Granted, SessionPolicy, safe_guard
from switchgear.tokens import read_token
from switchgear.types import ZERO_ADDRESS
from switchgear.values import to_address, to_raw, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from switchgear.countersign import ApprovalView

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_TRANSFER, _ASSET = (function_signature_to_4byte_selector(one) for one in ("transfer(address,uint256)", "asset()"))
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Pending:
    """An approval that may still be consumed, as of a block."""

    approval: ApprovalView
    action: Action
    agent: int
    """0 if the core does not know the wallet."""
    as_of: datetime


class CallText(click.ParamType):
    """One call as target:value:data, the value in wei, the data in 0x hex or left out."""

    name = "call"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """To target, value and data."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(0x[0-9a-fA-F]{40}):(\d*):((?:0x)?(?:[0-9a-fA-F]{2})*)", str(value))
        if match is None:
            self.fail(f"{value!r} is no TARGET:VALUE:DATA, such as 0x...:0:0xa9059cbb...", param, ctx)
        return match[1], int(match[2] or 0), bytes.fromhex(match[3].removeprefix("0x"))


@click.group(name="approvals")
def cli() -> None:
    """List, propose, explain, sign, hand in and veto approvals of what an agent may not do alone.

    A proposal travels between people as a file. Nobody has to trust it: what it means is derived anew wherever it is
    read.
    """


def policy_option(function: _Function) -> _Function:
    """``--policy``: whose approvals."""
    text = "Policy of the account: its guard, hook or caveat, which names the council."
    return click.option("--policy", metavar="ADDRESS", required=True, help=text)(function)


@cli.command(name="list", cls=Command)
@policy_option
@click.option("--from-block", type=int, help="Where to start looking for events.  [default: the recorded deployment]")
@json_option
def list_pending(policy: str, from_block: int | None, as_json: bool) -> None:
    """List approvals that may still be used, and for how long."""
    found = pending(context(), policy, from_block)
    if as_json:
        print_json(found)
        return
    out = console()
    if not found:
        out.print("nothing is pending")
    for one in found:
        table = Table.grid(padding=(0, 2))
        table.add_row("id", show(one.approval.id))
        table.add_row("agent", f"{one.agent or 'unknown'}, by its wallet {one.action.wallet}")
        table.add_row("account", one.action.account)
        table.add_row("calls", show(one.action.calls))
        table.add_row("waiting", _countdown(one.approval.eta, one.as_of, "over: serves what has to wait too"))
        table.add_row("expires", _countdown(one.approval.expiry, one.as_of, "expired"))
        out.print(table)


def pending(ctx: Context, policy: str, from_block: int | None = None) -> list[Pending]:
    """Approvals of a policy that may be consumed now or when their wait is over, oldest first."""
    _, council = _council(ctx, policy)
    breaker = Breaker(ctx.web3, council.core(), verify_code=False)
    first = ctx.from_block(breaker) if from_block is None else from_block
    header = council.node.block()
    block, as_of = int(header["number"], 16), _instant(int(header["timestamp"], 16))
    views = council.pending(policy, from_block=first, block_identifier=block)
    actions = [council.action(view.id, from_block=first) for view in views]
    agents = [wallet.agent for wallet in breaker.statuses([one.wallet for one in actions])] if actions else []
    return [Pending(*one, as_of) for one in zip(views, actions, agents, strict=True)]


@cli.command(cls=Command)
@policy_option
@click.option("--wallet", metavar="ADDRESS", required=True, help="The agent's wallet that will act.")
@click.option(
    "--call", "calls", type=CallText(), multiple=True, metavar="TARGET:VALUE:DATA", help="One call; repeatable."
)
@click.option("--to", metavar="ADDRESS", help="Who is paid, for a transfer instead of calls.")
@click.option("--amount", metavar="X", help="Of a transfer, in the unit that --decimals says.")
@click.option("--token", metavar="ADDRESS", help="Of a transfer.  [default: the chain's own coin]")
@click.option("--decimals", type=click.IntRange(0, 255), default=0, show_default=True, help="Of --amount.")
@click.option("--expiry", type=Instant(), default="14d", show_default=True, help="From when it counts no longer.")
@click.option("--nonce", type=int, help="Of a proposal that this one replaces.  [default: a new one]")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write, which must not exist.")
@json_option
def propose(
    policy: str,
    wallet: str,
    calls: tuple[tuple[str, int, bytes], ...],
    to: str | None,
    amount: str | None,
    token: str | None,
    decimals: int,
    expiry: datetime,
    nonce: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write a proposal to a file that people can sign, and show what it means. Nothing is sent."""
    if (to is None) == (not calls) or (to is None) != (amount is None) or (token and not to):
        message = "name what it does: either --call, once or more, or --to and --amount (and --token)"
        raise InvalidInput(message)
    if to is not None and amount is not None:
        calls = (_transfer(token, to, to_raw(amount, decimals=decimals, name="--amount")),)
    guard, council = _council(context(), policy)
    proposal = council.propose(guard.address, guard.account(), wallet, calls, expiry=expiry, nonce=nonce)
    lines = explanation(guard, council, proposal)
    try:
        with out.open("x") as file:
            file.write(proposal.to_json())
    except FileExistsError as error:
        message = f"{out} is there already, perhaps with signatures: name another --out"
        raise InvalidInput(message) from error
    _print(proposal, lines, as_json, file=str(out))


@cli.command(cls=Command)
@click.argument("file", type=_FILE)
@json_option
def explain(file: Path, as_json: bool) -> None:
    """Show what the signers of FILE agree to, and what is left of the budget. Nothing is signed."""
    proposal, signatures = _read(file)
    guard, council = _home(context(), proposal)
    lines = explanation(guard, council, proposal)
    _print(proposal, lines, as_json, signers=[one.signer for one in signatures], threshold=council.threshold())


@cli.command(name="sign", cls=Command)
@click.argument("file", type=_FILE)
@click.option(
    "--account",
    type=AccountAliasPromptChoice(),
    metavar="ALIAS",
    required=True,
    help="Ape account that signs: its alias, or TEST::<index>.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def sign_file(click_context: click.Context, file: Path, account: Any, yes: bool, as_json: bool) -> None:
    """Show what FILE means, ask, and add the account's signature to it. Nothing is sent.

    The exit code is 1 if the answer is no.
    """
    proposal, signatures = _read(file)
    guard, council = _home(context(), proposal)
    if signers_of([account.address])[0] not in council.signers():
        message = f"{account.address} is no signer of the council {council.address}"
        raise InvalidInput(message)
    _unused(council, proposal)
    for line in explanation(guard, council, proposal):
        note(line)
    if not yes and not click.confirm("sign it?", err=True):
        note("not signed")
        click_context.exit(1)
    new = sign(proposal, account)
    kept = [one for one in signatures if one.signer != new.signer]
    # Whole or not at all: what others signed is in it.
    draft = file.with_name(f"{file.name}.tmp")
    draft.write_text(proposal.to_json([*kept, new]))
    draft.replace(file)
    given, threshold = len(kept) + 1, council.threshold()
    if as_json:
        print_json({"file": str(file), "signer": new.signer, "signatures": given, "threshold": threshold})
        return
    todo = "hand it in: ape agents approvals approve" if given >= threshold else "pass it on to the next signer"
    console().print(f"signed: {file} has {given} of {threshold} signatures; {todo}")


@cli.command(cls=Command)
@click.argument("files", type=_FILE, nargs=-1, required=True)
@sending_options
@json_option
def approve(files: tuple[Path, ...], account: Any, dry_run: bool, actor_address: str | None, as_json: bool) -> None:
    """Hand in the signatures of FILES, copies of one proposal; the wait starts with it. Anyone."""
    read = [_read(file) for file in files]
    proposal = read[0][0]
    if any(other.digest != proposal.digest for other, _ in read):
        message = "the files are not copies of one proposal: hand them in one by one"
        raise InvalidInput(message)
    _, council = _home(context(), proposal)
    signatures: list[Signature] = [one for _, given in read for one in given]
    sender, dry = actor(account, dry_run, actor_address, ANYBODY, "one who hands it in")
    describe_transaction(council.approve(proposal, signatures, sender=sender, dry_run=dry), as_json)


@cli.command(cls=Command)
@click.argument("file", type=_FILE)
@sending_options
@json_option
def execute(file: Path, account: Any, dry_run: bool, actor_address: str | None, as_json: bool) -> None:
    """Have the Safe do what FILE says, as the agent that owns it, once people have approved it.

    An ERC-7579 account or a delegation gets it by an operation or a redemption: for those, `switchgear.execution` makes
    the calldata.
    """
    proposal, _ = _read(file)
    guard, council = _home(context(), proposal)
    action, web3, multi_send = proposal.action, guard.node.web3, guard.multi_send()
    if multi_send is None:
        message = f"the policy {guard.address} guards no Safe: send it as docs/countersign.md says"
        raise InvalidInput(message)
    if (present := safe_guard(web3, action.account)) != guard.address:
        # Anybody can deploy a policy that says it is this Safe's.
        message = f"the guard of the Safe {action.account} is {present}, not {guard.address}: do not execute this"
        raise InvalidInput(message)
    sender, dry = actor(account, dry_run, actor_address, action.wallet, "agent's wallet")
    if sender_address(sender) != action.wallet:
        # A trusted owner's transaction would pass, approved or not.
        message = f"this is for the agent's wallet {action.wallet} to execute, not for {sender_address(sender)}"
        raise InvalidInput(message)
    approval = council.newest(action)
    if approval is None or approval.state is not State.APPROVED:
        raise NotCountersigned(action.policy, action.wallet, action.calls, None)
    done = execute_safe(web3, action.account, proposal.calls, sender=sender, multi_send=multi_send, dry_run=dry)
    describe_transaction(done, as_json)


@cli.command(cls=Command)
@click.argument("approval", metavar="ID")
@policy_option
@sending_options
@json_option
def veto(approval: str, policy: str, account: Any, dry_run: bool, actor_address: str | None, as_json: bool) -> None:
    """Say no to ID, for good.

    By the council's owner and signers, also before it is approved; by the policy's guardians as soon as it is.
    """
    if not re.fullmatch("0x[0-9a-fA-F]{64}", approval):
        message = f"{approval!r} is no id: take it from `approvals list` or `approvals explain`, 0x and 64 hex digits"
        raise InvalidInput(message)
    _, council = _council(context(), policy)
    sender, dry = actor(account, dry_run, actor_address, council.owner(), "owner of the council")
    describe_transaction(council.veto(bytes.fromhex(approval[2:]), sender=sender, dry_run=dry), as_json)


def explanation(policy: SessionPolicy, council: Countersign, proposal: Proposal) -> list[str]:
    """What the signers agree to, line by line, with the policy's own reading of each call; what became of it last."""
    lines = council.explain(proposal, lambda call: reading(policy, proposal.action, call))
    state = council.status(proposal.id).state
    return [*lines, f"id {show(proposal.id)}: {'not approved yet' if state is State.NONE else show(state)}"]


def reading(policy: SessionPolicy, action: Action, call: Call) -> Meaning:
    """What a call does, as the policy will read and judge it; where it does not, by the selectors of tokens."""
    meaning, seen = describe(call, read_token(policy.node, call.target)), decoder.Call(*call)
    try:
        granted = policy.permission(action.wallet, call.target, seen.selector)
        if granted is None:
            return Meaning(f"{meaning.text}; the wallet has no permission for it: approved or not, it is denied", None)
        spend = decoder.spend(granted.permission.standard, action.account, seen)
    except (NoSelector, MalformedArguments) as error:
        return Meaning(f"{meaning.text}; approved or not, it is denied: {error}", None)
    asset = _underlying(policy, call.target) if spend.asset == decoder.UNDERLYING else spend.asset
    token = None if asset == ZERO_ADDRESS else read_token(policy.node, asset)
    amount: Callable[[int], str] = token.show if token else show_amount
    what = "an amount that the policy cannot tell"
    if spend.known:
        name = "wei" if asset == ZERO_ADDRESS else f"of {asset}"
        what = f"{amount(spend.amount)} {name}"
        if spend.recipient != ZERO_ADDRESS:
            what += f" for {spend.recipient}"
    return Meaning(f"{meaning.text}; to the policy: {what}, {_needs(granted, spend, amount)}", asset)


def _needs(granted: Granted, spend: decoder.Spend, shown: Callable[[int], str]) -> str:
    permission, amount = granted.permission, spend.amount if spend.known else decoder.EVERYTHING
    if spend.known and amount > permission.call_cap:
        return f"above the {shown(permission.call_cap)} of one call: approved or not, it is denied"
    if amount > permission.delay_above:
        return "which has to wait"
    return "which needs approval" if amount > permission.approve_above else "which needs no approval"


def _underlying(policy: SessionPolicy, vault: str) -> str:
    answer = policy.node.call({"to": vault, "data": show(_ASSET)}, "latest")
    return to_address(show(answer[-20:]), name="asset of the vault")


def _transfer(token: str | None, to: str, amount: int) -> tuple[str, int, bytes]:
    payee = to_address(to, name="--to")
    if token is None:
        return payee, to_uint(amount), b""
    return to_address(token, name="--token"), 0, _TRANSFER + encode(["address", "uint256"], [payee, amount])


def _council(ctx: Context, policy: str) -> tuple[SessionPolicy, Countersign]:
    """A policy and the council that it asks."""
    guard = SessionPolicy(ctx.web3, to_address(policy, name="policy"))
    council = guard.council()
    if council is None:
        message = f"the policy {guard.address} asks no council: what needs approval is denied"
        raise InvalidInput(message)
    return guard, Countersign(ctx.web3, council)


def _home(ctx: Context, proposal: Proposal) -> tuple[SessionPolicy, Countersign]:
    """Policy and council of a proposal, which must belong together: else its approval would serve nobody."""
    guard, council = _council(ctx, proposal.action.policy)
    for what, has, says in (
        ("council", council.address, proposal.council),
        ("account", to_address(guard.account()), proposal.action.account),
        ("chain", council.node.chain_id, proposal.chain_id),
    ):
        if has != says:
            message = f"the {what} of the policy {guard.address} is {has}, not {says}: do not sign, propose anew"
            raise InvalidInput(message)
    return guard, council


def _unused(council: Countersign, proposal: Proposal) -> None:
    state = council.status(proposal.id).state
    if state is not State.NONE:
        message = f"its nonce is {show(state)}: another signature changes nothing, propose anew"
        raise InvalidInput(message)
    if proposal.action.expiry <= int(council.node.block()["timestamp"], 16):
        message = f"it expired at {show(_instant(proposal.action.expiry))}: propose anew"
        raise InvalidInput(message)


def _read(file: Path) -> tuple[Proposal, tuple[Signature, ...]]:
    return from_json(file.read_text(errors="replace"))


def _print(proposal: Proposal, lines: Sequence[str], as_json: bool, **more: Any) -> None:
    if as_json:
        print_json({"id": proposal.id, "digest": proposal.digest, "explanation": lines, **more})
        return
    for line in lines:
        console().print(line, markup=False)
    if "file" in more:
        console().print(f"written: {more['file']}")
    else:
        signers = ", ".join(show(one) for one in more["signers"]) or "nobody"
        console().print(f"signed by {signers} ({len(more['signers'])} of {more['threshold']})")


def _countdown(when: datetime | None, now: datetime, over: str) -> str:
    if when is None:
        return "never"
    return f"{when - now} to go, until {show(when)}" if when > now else over


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)

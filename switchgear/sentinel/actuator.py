"""Transactions that land: one queue for each key (OP-2).

What is to be done is a *target*: an open kill switch, an open breaker, a synced owner. It counts as done when the chain
says so, and not before: until then its transaction is broadcast again, at every endpoint, with a higher fee each time
it takes too long. What is done already is not sent at all, and each nonce is written down, with the transaction that
uses it, before anything is broadcast: after a crash the same transaction goes out again, never a second one.

A nonce that was given out is used up in the end, by the transaction it was given to or, if the target was reached by
others meanwhile, by one that does nothing; else all later ones would wait behind the gap.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from eth_abi.exceptions import DecodingError
from eth_account.signers.local import LocalAccount

from switchgear.chain import GAS_MARGIN, code_hash, is_safe, sender_address, sign_transaction
from switchgear.errors import (
    ChainError,
    ContractReverted,
    InsufficientFunds,
    RPCFailed,
    SignerRequired,
    UnsupportedSender,
)
from switchgear.sentinel.bell import Bell
from switchgear.sentinel.endpoint import MALFORMED, answers
from switchgear.sentinel.store import Action, Alert, Sending
from switchgear.types import Scope, State, Subject
from switchgear.values import to_note
from switchgear.words import decode_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.interface import Interface
    from switchgear.sentinel.endpoint import Call, Endpoint, Endpoints
    from switchgear.sentinel.store import Store

LOGGER = logging.getLogger(__name__)

GAS = 200_000
"""Gas limit if no endpoint gives an estimate; a trip takes 57,000 at most."""
_FILLER_GAS = 21_000
_BUMP = 1.25
"""A replacement's fee, at least, by that of what it replaces: nodes ask for 1.1."""
_REBROADCAST = 2.0
"""Seconds after which the same transaction is handed to every endpoint again."""
_TIP = 10**9
"""Wei of priority fee if no endpoint suggests one."""
_PRICES: tuple[Call, Call] = (("eth_gasPrice", []), ("eth_maxPriorityFeePerGas", []))
"""What `Actuator._fees` goes by."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]+\Z")

Said: TypeAlias = "dict[Endpoint, Any]"
"""What each endpoint answers to one call, or fails with."""


class Target(NamedTuple):
    """What is to be so on the chain."""

    kind: str
    """kill-switch, breaker or sync."""
    contract: str = ""
    """Protocol of a breaker, or registry of an identity."""
    lane: int = 0
    subject: int = 0
    """Handle of an agent, subject of a breaker, or number of an identity."""

    @classmethod
    def read(cls, text: str) -> Target:
        """The inverse of `str`."""
        kind, contract, lane, subject = text.split(":")
        return cls(kind, contract, int(lane), int(subject))

    def __str__(self) -> str:
        """As the database has it."""
        return f"{self.kind}:{self.contract}:{self.lane}:{self.subject}"

    @property
    def words(self) -> str:
        """For people."""
        if self.kind == "kill-switch":
            return f"the kill switch of agent {self.subject}"
        if self.kind == "breaker":
            return f"{Subject(self.subject)} in lane {self.lane} of {self.contract}"
        return f"the owner of agent {self.subject} of {self.contract}"

    def call(self, note: str) -> tuple[str, tuple[Any, ...]]:
        """The function of the core that does it, and its arguments."""
        if self.kind == "kill-switch":
            return "tripAgent", (self.subject, to_note(note))
        if self.kind == "breaker":
            return "trip", (self.contract, self.lane, self.subject, to_note(note))
        return "sync", (self.contract, self.subject)

    def question(self) -> tuple[str, tuple[Any, ...]]:
        """The view of the core that says whether it is so."""
        if self.kind == "kill-switch":
            return "statusOf", (self.subject,)
        if self.kind == "breaker":
            return "usage", (self.contract, self.lane, self.subject)
        # A simulated `sync` fails with OwnerUnchanged once there is nothing to report.
        return "sync", (self.contract, self.subject)

    def reached(self, answer: Any) -> bool:
        """Whether that view's answer says so."""
        if self.kind == "kill-switch":
            verdict = decode_verdict(answer)
            return not verdict.admitted and verdict.scope in (Scope.KILL_SWITCH, Scope.ANCESTOR_KILL_SWITCH)
        return self.kind == "breaker" and State(answer[0]) is State.OPEN


class Actuator:
    """Carries out the actions in the store. Without an account it sends nothing (OP-3)."""

    def __init__(
        self,
        endpoints: Endpoints,
        store: Store,
        interface: Interface,
        core: str,
        *,
        account: Any,
        chain_id: int,
        quorum: int = 2,
        per_block: int = 8,
        bump_after: float = 12.0,
        max_fee: int = 500 * 10**9,
    ) -> None:
        self._endpoints = endpoints
        self._store = store
        self.interface = interface
        self._core = core
        self._account = account
        if is_safe(account):
            message = "a Safe cannot act for the sentinel, which replaces its transactions: appoint a key as guardian"
            raise UnsupportedSender(message)
        self.address = None if account is None else sender_address(account)
        self._chain_id = chain_id
        self._quorum = quorum
        self._per_block = per_block
        self._bump_after = bump_after
        self._max_fee = max_fee
        self._bell = Bell()
        self._head = -1
        self._base_fee = 0
        self._sent_in_head = 0
        self.on_broadcast: Callable[[Action, float], None] = lambda _action, _seconds: None
        """Told of each first broadcast, with the seconds since the observation."""
        self.on_landed: Callable[[Action, float], None] = lambda _action, _seconds: None
        """Told of each target that was read back, with the seconds since the observation."""

    # ------------------------------------------------------------------ life

    def wake(self, head: int | None = None, base_fee: int | None = None) -> None:
        """There may be something to do; in a new head if one is given."""
        if head is not None and head != self._head:
            self._head, self._sent_in_head = head, 0
        if base_fee is not None:
            self._base_fee = base_fee
        self._bell.ring()

    async def run(self) -> None:
        """For ever: acts when woken, and looks again every second while something is unfinished."""
        while True:
            unfinished = bool(self._store.actions("due", "sent")) or bool(
                self.address and self._store.sendings(self.address)
            )
            await self._bell.wait(1.0 if unfinished else None)
            try:
                await self.step()
            except ChainError as error:
                LOGGER.warning("no trip could be sent or looked after (%s); trying again", error)
                await asyncio.sleep(0.2)
                self._bell.ring()

    async def step(self) -> None:
        """Looks after what was sent, and sends what is due, as far as this block's share goes."""
        if self._account is None or self.address is None:
            return
        await self._settle(self.address)
        for action in self._store.actions("due"):
            if self._sent_in_head >= self._per_block:
                return
            await self._begin(action, self.address)

    # ------------------------------------------------------------------ what is due

    async def _begin(self, action: Action, signer: str) -> None:
        """Sends the transaction of an action, unless it needs none or cannot succeed."""
        target = Target.read(action.target)
        # All in one round trip: between the log and the trip each of them counts.
        status, estimates, counts, *prices = await self._ask(
            self._question(target), self._trip(target, action, signer), _count(signer), *_PRICES
        )
        nonce, (fee, tip) = self._next_nonce(signer, counts), self._fees(*prices)
        if self._reached(target, status):
            # It may have landed itself, before a reorganisation that kept it: then the hash is the reason.
            outcome, reason = ("landed", action.reason) if action.reason else ("open", "")
            self._store.finish(action.id, outcome, reason, await self._height())
            return
        gas = _gas(estimates)
        if isinstance(gas, ContractReverted):
            self._refuse(action, gas)
            return
        sending = await self._sign(signer, nonce, action, gas, fee, tip, bumps=0)
        self._store.put_sending(sending)
        self._sent_in_head += 1
        await self._broadcast(sending)
        self.on_broadcast(action, time.time() - action.seen)

    def _refuse(self, action: Action, error: ContractReverted) -> None:
        """The core would not do it: a guardian that is spent, or that is none."""
        reason = f"{type(error).__name__}: {error}"
        words = Target.read(action.target).words
        with self._store.transaction():
            self._store.finish(action.id, "refused", reason)
            body = f"{words} could not be opened: {reason}. Somebody else must act."
            self._store.add_alert(Alert(f"refused:{action.id}", "A trip was refused", body, {"action": action.id}))

    # ------------------------------------------------------------------ what was sent

    async def _settle(self, signer: str) -> None:
        sendings = self._store.sendings(signer)
        if not sendings:
            return
        (found,) = await self._ask(_count(signer))
        counts = _numbers(found)
        if not counts:
            return
        lowest, used = min(counts), max(counts)
        done: dict[str, bool] = {}
        for sending in sendings:
            if sending.action is not None:
                action = self._store.action(sending.action)
                done[sending.action] = await self._look_after(action, sending)
        for sending in sendings:
            reached = sending.action is None or done[sending.action]
            if sending.nonce < lowest:
                await self._used_up(sending, reached=reached)
            elif sending.nonce >= used or not reached:
                await self._push(sending, reached=reached)
        await self._close_gaps(signer, lowest)

    async def _look_after(self, action: Action, sending: Sending) -> bool:
        """Whether the target was reached; says so once."""
        if action.status not in ("due", "sent"):
            return True
        target = Target.read(action.target)
        status, receipts = await self._ask(self._question(target), _receipt(sending.hash))
        if not self._reached(target, status):
            return False
        height, by_us = _mined(receipts) or (await self._height(), False)
        self._store.finish(action.id, "landed" if by_us else "open", sending.hash, height)
        self.on_landed(action, time.time() - action.seen)
        return True

    async def _used_up(self, sending: Sending, *, reached: bool) -> None:
        """The nonce is gone. If the target is not reached, somebody reset it, or it was not by our transaction."""
        if not reached and sending.action is not None:
            (receipts,) = await self._ask(_receipt(sending.hash))
            height, succeeded = _mined(receipts) or (0, False)
            if succeeded:
                # It did its work: whoever closed the breaker after it had the power to.
                self._store.finish(sending.action, "landed", sending.hash, height)
            else:
                LOGGER.warning("nonce %d is used up and the target not reached: sending anew", sending.nonce)
                self._store.finish(sending.action, "due")
        self._store.drop_sending(sending.signer, sending.nonce)

    async def _push(self, sending: Sending, *, reached: bool) -> None:
        """Broadcasts again, with a higher fee if it takes too long or cannot be mined at its own."""
        age = time.time() - sending.sent
        prices = await self._ask(*_PRICES)
        if age < self._bump_after and self._base(prices[0]) <= sending.fee:
            if age > _REBROADCAST:
                await self._broadcast(sending)
            return
        fee, tip = self._fees(*prices)
        fee, tip = max(fee, int(sending.fee * _BUMP)), max(tip, int(sending.tip * _BUMP))
        if fee > self._max_fee:
            await self._at_the_bound(sending)
            return
        # What nobody needs any more only has to use its nonce up.
        action = None if reached or sending.action is None else self._store.action(sending.action)
        gas = sending.gas if action else _FILLER_GAS
        replaced = await self._sign(sending.signer, sending.nonce, action, gas, fee, tip, bumps=sending.bumps + 1)
        self._store.put_sending(replaced)
        LOGGER.info("nonce %d: fee raised to %d gwei", sending.nonce, fee // 10**9)
        await self._broadcast(replaced)

    async def _at_the_bound(self, sending: Sending) -> None:
        body = f"Nonce {sending.nonce} of {sending.signer} would need more than {self._max_fee / 10**9:g} gwei per gas."
        alert = Alert(f"fee:{sending.hash}", "A trip waits: the fee is at its bound", body, {"hash": sending.hash})
        self._store.add_alert(alert)
        await self._broadcast(sending)

    async def _close_gaps(self, signer: str, lowest: int) -> None:
        """Uses up nonces below those in use that nothing of ours will."""
        taken = [one.nonce for one in self._store.sendings(signer)]
        missing = sorted(set(range(lowest, max(taken, default=lowest))) - set(taken))
        for nonce in missing:
            fee, tip = self._fees(*await self._ask(*_PRICES))
            filler = await self._sign(signer, nonce, None, _FILLER_GAS, fee, tip, bumps=0)
            LOGGER.warning("nonce %d is missing: filling the gap", nonce)
            self._store.put_sending(filler)
            await self._broadcast(filler)

    # ------------------------------------------------------------------ the chain

    async def _ask(self, *calls: Call) -> list[Said]:
        """What each endpoint says to each of these calls, which it is asked together."""
        given = await self._endpoints.every(lambda one: one.batch(calls))
        return [
            {one: said[index] if isinstance(said, list) else said for one, said in given.items()}
            for index in range(len(calls))
        ]

    def _question(self, target: Target) -> Call:
        """Whether it is so."""
        function, args = target.question()
        return "eth_call", [{"to": self._core, "data": "0x" + self.interface.encode(function, args).hex()}, "latest"]

    def _trip(self, target: Target, action: Action, signer: str) -> Call:
        """What it would take."""
        function, args = target.call(note_of(action))
        data = "0x" + self.interface.encode(function, args).hex()
        return "eth_estimateGas", [{"from": signer, "to": self._core, "data": data}, "latest"]

    def _reached(self, target: Target, status: Said) -> bool:
        """Whether as many endpoints as the quorum asks for, of those that answer, say that it is so."""
        said = [one for one in (self._read(target, answer) for answer in status.values()) if one is not None]
        if not said:
            message = "no endpoint says whether a breaker is open"
            raise ChainError(message)
        return sum(said) >= min(self._quorum, len(said))

    def _read(self, target: Target, answer: Any) -> bool | None:
        """What one endpoint says of it; None if it says nothing."""
        function, _ = target.question()
        if isinstance(answer, ContractReverted):
            return type(answer).__name__ == "OwnerUnchanged"
        if isinstance(answer, ChainError):
            return None
        if not self.interface.returns(function):
            return False
        try:
            return target.reached(self.interface.decode(function, bytes.fromhex(answer[2:])))
        except (DecodingError, TypeError, ValueError):
            return None

    def _base(self, prices: Said) -> int:
        """Base fee of the next block: the last block's, or what endpoints ask for if that is more."""
        return max([self._base_fee, *(one - _TIP for one in _numbers(prices))])

    def _fees(self, prices: Said, tips: Said) -> tuple[int, int]:
        """Fee per gas and priority fee: twice the base fee stays enough for six full blocks."""
        tip = min(max(_numbers(tips), default=_TIP), self._max_fee)
        return min(2 * self._base(prices) + tip, self._max_fee), tip

    def _next_nonce(self, signer: str, counts: Said) -> int:
        known = _numbers(counts)
        if not known:
            message = "no endpoint knows the signer's nonce"
            raise ChainError(message)
        return max([*known, *(one.nonce + 1 for one in self._store.sendings(signer))])

    async def _height(self) -> int:
        (heights,) = await self._ask(("eth_blockNumber", []))
        return max(_numbers(heights), default=max(self._head, 0))

    async def _sign(
        self, signer: str, nonce: int, action: Action | None, gas: int, fee: int, tip: int, *, bumps: int
    ) -> Sending:
        request: dict[str, Any] = {
            "from": signer,
            "to": signer,
            "data": "0x",
            "value": 0,
            "chainId": self._chain_id,
            "gas": gas,
            "nonce": nonce,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": min(tip, fee),
        }
        if action is not None:
            function, args = Target.read(action.target).call(note_of(action))
            request |= {"to": self._core, "data": "0x" + self.interface.encode(function, args).hex()}
        if isinstance(self._account, LocalAccount):
            raw = sign_transaction(request, self._account)
        else:
            # Whoever signs may take its time: a keyfile is deciphered, a device asks.
            raw = await asyncio.to_thread(sign_transaction, request, self._account)
        if raw is None:
            message = f"{signer} has its key at the node: the sentinel needs an account that signs here"
            raise SignerRequired(message)
        identifier = None if action is None else action.id
        return Sending(signer, nonce, identifier, "0x" + raw.hex(), code_hash(raw), fee, tip, gas, time.time(), bumps)

    async def _broadcast(self, sending: Sending) -> None:
        """Hands it to every endpoint; at least one must take it, or have it."""
        given = await self._endpoints.every(
            lambda one: one.request("eth_sendRawTransaction", sending.raw), self._endpoints.all
        )
        refusals = [one for one in given.values() if isinstance(one, RPCFailed) and not _known(one)]
        taken = len(answers(given)) + sum(isinstance(one, RPCFailed) and _known(one) for one in given.values())
        if taken:
            return
        if any("insufficient funds" in one.reason.lower() for one in refusals):
            balance = int(await self._endpoints.any("eth_getBalance", sending.signer, "latest"), 16)
            funds = InsufficientFunds(sending.signer, balance, sending.gas * sending.fee)
            self._store.add_alert(Alert(f"funds:{sending.hash}", "A trip waits: the signer cannot pay", str(funds), {}))
        for refusal in refusals:
            LOGGER.warning("nonce %d: not taken (%s)", sending.nonce, refusal.reason)


def note_of(action: Action) -> str:
    """Why, for the record on the chain: the start of the incident's id, which names the detector."""
    return action.incident.encode()[:32].decode(errors="ignore")


def prepared(interface: Interface, core: str, action: Action) -> dict[str, str]:
    """The transaction that an action would be, for somebody else to send."""
    function, args = Target.read(action.target).call(note_of(action))
    return {"to": core, "data": "0x" + interface.encode(function, args).hex()}


def _count(signer: str) -> Call:
    return "eth_getTransactionCount", [signer, "latest"]


def _receipt(tx_hash: str) -> Call:
    return "eth_getTransactionReceipt", [tx_hash]


def _gas(estimates: Said) -> int | ContractReverted:
    """A gas limit, or what the core would refuse the transaction with."""
    known = _numbers(estimates)
    refusals = [one for one in estimates.values() if isinstance(one, ContractReverted)]
    # One that lags may refuse what the others would do.
    return refusals[0] if refusals and not known else max([GAS, *(int(one * GAS_MARGIN) for one in known)])


def _numbers(said: Said) -> list[int]:
    """Those answers that are numbers."""
    return [int(one, 16) for one in said.values() if isinstance(one, str) and _NUMBER.match(one)]


def _mined(said: Said) -> tuple[int, bool] | None:
    """Block and success of a transaction, by the first receipt that can be read."""
    for one in said.values():
        try:
            return int(one["blockNumber"], 16), int(one["status"], 16) == 1
        except MALFORMED:  # noqa: PERF203 - None while it is not mined, or what the endpoint failed with
            continue
    return None


def _known(refusal: RPCFailed) -> bool:
    """Whether the endpoint has this very transaction already."""
    reason = refusal.reason.lower()
    return "already known" in reason or "already imported" in reason or "already have" in reason

"""The state machine: a step is done by the model and by the core, and everything they say is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from switchgear.fuzz.abi import Artifact, Interface
from switchgear.fuzz.backends import Receipt, Reverted
from switchgear.fuzz.steps import cast, keys
from switchgear.model import Core, CoreRevert, ParentConsent, Signature, WalletBinding
from switchgear.types import UNDECLARED_LINEAGE, ZERO_ADDRESS, Setting, Target, Verdict
from switchgear.words import decode_verdict, encode_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchgear.fuzz.backends import Backend
    from switchgear.fuzz.steps import Step
    from switchgear.model.ledger import Event, Place

START = 1_700_000_000
"""Timestamp at which a run starts."""

WRONG_ANSWERS = 6
"""`FuzzRegistry.Answer`s other than the owner: 1..6."""

_TYPES = {
    WalletBinding: "WalletBinding(address registry,uint256 agentId,address owner,address wallet,"
    "uint256 nonce,uint256 deadline)",
    ParentConsent: "ParentConsent(address registry,uint256 agentId,address owner,uint32 parent,uint256 deadline)",
}
_TYPE_HASHES = {struct: keccak(text=text) for struct, text in _TYPES.items()}
VIEWS = frozenset({"usage", "status", "status_of", "preview", "preview_batch"})


_WORDS = {kind: f"{kind}Word" for kind in ("wallet", "agent", "lane", "override", "breaker")}
_VIEWS: dict[str, tuple[str, Callable[..., tuple[Any, ...]]]] = {
    "loosening": ("looseningOf", Core.loosening_of),
    "admin": ("adminOf", Core.admin_of),
    "identity": ("identityOf", lambda model, agent: model.identities[agent]),
    "handle": ("agentOf", lambda model, *identity: (model.handles.get(identity, 0),)),
    "registry": ("registryIndex", lambda model, registry: (model.registries.get(registry, 0),)),
    "delegate": ("beatDelegateOf", lambda model, agent: (model.delegates.get(agent, ZERO_ADDRESS),)),
    "provider": ("providerOf", lambda model, lineage: (dict(enumerate(model.providers)).get(lineage, ZERO_ADDRESS),)),
}
"""Of what the model stores beside words: the core's view, and the model's answer."""


class Divergence(Exception):
    """The model and the core disagree, or the core breaks a rule."""

    def __init__(self, what: str, model: object, core: object) -> None:
        super().__init__(what, model, core)
        self.what = what
        self.model = model
        self.core = core

    def __str__(self) -> str:
        """Both sides."""
        return f"{self.what}\n  model: {self.model}\n  core:  {self.core}"


class Machine:
    """A model and a core in the same state, on one backend.

    Attributes:
        registries: Addresses of two identity registries: the first tells the core of transfers, the second does not.
        outcome: What the model said to the last step: a verdict, or why it refused.
        answer: What the core said to the last step: a receipt, revert data, or what a view returned.
        logs: The core's events of the last step, decoded.
    """

    def __init__(self, backend: Backend, artifacts: dict[str, Artifact], model: Core | None = None) -> None:
        self.backend = backend
        self.model = model or Core()
        self.model.now = START
        backend.set_time(START)
        self.interface = Interface(artifacts["ICircuitBreaker"].abi)
        self.core = backend.deploy(artifacts["CircuitBreaker"].bytecode)
        registry = artifacts["FuzzRegistry"]
        self._registry = Interface(registry.abi)
        self.registries = tuple(
            backend.deploy(registry.bytecode + bytes.fromhex(sink[2:]).rjust(32, b"\0"))
            for sink in (self.core, ZERO_ADDRESS)
        )
        self._owners: dict[tuple[str, int], str] = {}
        self._unreadable: set[tuple[str, int]] = set()
        (self._separator,) = self.view("domainSeparator")
        self._signatures: dict[Signature, bytes] = {}
        self.outcome: Verdict | CoreRevert | None = None
        self.answer: Receipt | bytes | None = None
        self.logs: list[Event] = []

    # ------------------------------------------------------------------ steps

    def apply(self, step: Step) -> None:
        """Do one step on both sides and compare; raises `Divergence`."""
        model = self.model
        model.events.clear()
        model.touched.clear()
        self.outcome = self.answer = None
        self.logs = []
        op, args = step
        if op == "wait":
            model.now += args[0]  # type: ignore[operator]
            self.backend.set_time(model.now)
        elif op in {"transfer", "answer"}:
            self._move(op, *args)  # type: ignore[arg-type]
        elif op in VIEWS:
            self._compare_view(op, args)
        else:
            self._compare_call(op, args)
        for place in model.touched:
            self.compare(place)

    def _move(self, op: str, registry: str, agent_id: int, what: Any) -> None:
        """Change what a registry says, there and in the model's picture of it."""
        identity = (registry, agent_id)
        if op == "transfer":
            self._owners[identity] = what
            call = self._registry.call("transfer", agent_id, what)
        else:
            (self._unreadable.add if what else self._unreadable.discard)(identity)
            call = self._registry.call("setAnswer", agent_id, what)
        self.model.owners[identity] = None if identity in self._unreadable else self._owners.get(identity)
        self.answer = receipt = self.backend.send(cast().strangers[0], registry, call)
        if op == "transfer" and registry == self.registries[0]:
            self.model.on_agent_transfer(registry, agent_id, what)
        self._compare_events(receipt)

    def _compare_call(self, op: str, args: Sequence[object]) -> None:
        sender, *rest = args
        function = _camel(op)
        call = self.interface.call(function, *map(self._for_abi, rest))
        expected: object = None
        refusal: CoreRevert | None = None
        act: Callable[..., object] = getattr(self.model, op)
        try:
            expected = act(*rest) if op == "sync" else act(*args)
        except CoreRevert as error:
            self.outcome = refusal = error
        if isinstance(expected, Verdict):
            self.outcome = expected
            # BR-13: on the same state, before the core is asked to charge.
            preview = self.backend.call(self.core, self.interface.call("preview", *args))
            self._same("preview returns", expected, decode_verdict(int.from_bytes(preview, "big")))
        try:
            self.answer = receipt = self.backend.send(str(sender), self.core, call)
        except Reverted as error:
            self.answer = error.data
            got = self.interface.error(error.data)
            wanted = (refusal.name, refusal.arguments) if refusal else (f"returns {expected}", ())
            self._same(f"{op} reverts", wanted, got)
            return
        if refusal:
            raise Divergence(f"{op} reverts", refusal, "passes")
        if receipt.output is not None:
            self._same(f"{op} returns", _flat(expected), self.interface.result(function, receipt.output))
        self._compare_events(receipt)

    def _compare_view(self, op: str, args: Sequence[object]) -> None:
        act: Callable[..., object] = getattr(self.model, op)
        try:
            expected = act(*args)
        except CoreRevert as error:
            expected = self.outcome = error
        if isinstance(expected, Verdict):
            self.outcome = expected
        function = _camel(op)
        try:
            self.answer = output = self.backend.call(self.core, self.interface.call(function, *args))
        except Reverted as error:
            self.answer = error.data
            wanted = (expected.name, expected.arguments) if isinstance(expected, CoreRevert) else expected
            self._same(f"{op} reverts", wanted, self.interface.error(error.data))
        else:
            self._same(f"{op} returns", _flat(expected), self.interface.result(function, output))

    def _compare_events(self, receipt: Receipt) -> None:
        self.logs = [self.interface.event(log) for log in receipt.logs if log.address == self.core]
        self._same("events", self.model.events, self.logs)

    @staticmethod
    def _same(what: str, model: object, core: object) -> None:
        if model != core:
            raise Divergence(what, model, core)

    # ------------------------------------------------------------------ stored words

    def view(self, function: str, *args: object) -> tuple[Any, ...]:
        """Ask the core."""
        return self.interface.result(function, self.backend.call(self.core, self.interface.call(function, *args)))

    def compare(self, place: Place) -> None:
        """Compare one stored thing; raises `Divergence`."""
        function, args, expected = self._expected(place)
        self._same(f"{function}{args}", expected, self.view(function, *args))

    def compare_all(self) -> None:
        """Compare every word of every subject; raises `Divergence`."""
        for place in self.places():
            self.compare(place)

    def places(self) -> Iterator[Place]:
        """Everything that can have been stored, whether the model thinks that it was or not."""
        model, cast_ = self.model, cast()
        agents = range(1, model.agent_count + 1)
        lineages = range(len(model.providers))
        subjects = (0, *agents, agents.stop, *(UNDECLARED_LINEAGE + lineage for lineage in lineages))
        yield from (("wallet", address) for address in cast_.everybody)
        yield from (("agent", agent) for agent in (0, *agents, agents.stop))
        yield from ((kind, agent) for agent in agents for kind in ("identity", "delegate"))
        yield from (("handle", *identity) for identity in self._owners)
        yield from (("registry", registry) for registry in self.registries)
        yield from (("provider", lineage) for lineage in (*lineages, lineages.stop))
        yield from (("lane", *lane) for lane in model.lanes)
        yield from ((kind, *lane, s) for lane in model.lanes for s in subjects for kind in ("breaker", "override"))
        yield from (("admin", protocol) for protocol in cast_.protocols)
        for guardian in cast_.guardians:
            yield from (("guardian", Target.guardian(protocol, guardian)) for protocol in cast_.protocols)
            yield from (("guardian", Target.agent_guardian(agent, guardian)) for agent in agents)
        yield from (("loosening", name(agent)) for agent in agents for name in (Target.heartbeat, Target.lineage))
        yield from (("loosening", target) for target in model.loosenings)

    def _expected(self, place: Place) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
        """View, its arguments, and what the model thinks that it returns."""
        model = self.model
        kind: Any = place[0]
        args: tuple[Any, ...] = place[1:]
        if kind in _WORDS:
            return _WORDS[kind], args, (getattr(model, kind)(*args).encode(),)
        if kind == "guardian":
            (target,) = args
            guardian = f"0x{target.key:040x}"
            if target.setting is Setting.AGENT_GUARDIAN:
                return "agentGuardianOf", (target.subject, guardian), model.agent_guardian_of(target.subject, guardian)
            return "guardianOf", (target.protocol, guardian), model.guardian_of(target.protocol, guardian)
        function, read = _VIEWS[kind]
        return function, args, read(model, *args)

    # ------------------------------------------------------------------ signatures

    def _for_abi(self, value: object) -> object:
        """An argument of the model as the ABI has it: signatures are bytes there."""
        if isinstance(value, Signature):
            return self._signed(value)
        return b"" if value is None else value

    def _signed(self, signature: Signature) -> bytes:
        known = self._signatures.get(signature)
        if known is None:
            from coincurve import PrivateKey  # noqa: PLC0415 - a development dependency

            struct = self._hash(signature.message)
            digest = keccak(b"\x19\x01" + self._separator + struct)
            raw = PrivateKey(keys()[signature.signer]).sign_recoverable(digest, hasher=None)
            known = self._signatures[signature] = raw[:64] + bytes([27 + raw[64]])
        return known

    @staticmethod
    def _hash(message: WalletBinding | ParentConsent) -> bytes:
        fields = (
            bytes.fromhex(value[2:]).rjust(32, b"\0") if isinstance(value, str) else value.to_bytes(32, "big")
            for value in message
        )
        return keccak(_TYPE_HASHES[type(message)] + b"".join(fields))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _flat(expected: object) -> tuple[object, ...]:
    """Return values as the codec gives them: the fields of a struct side by side, verdicts as words."""
    if expected is None:
        return ()
    if isinstance(expected, Verdict):
        return (encode_verdict(expected),)
    if isinstance(expected, list):
        return (tuple(map(encode_verdict, expected)),)
    return tuple(expected) if isinstance(expected, tuple) else (expected,)

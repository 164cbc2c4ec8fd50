"""A session policy is one program in two pieces of code: which piece has what, and that nobody can tell (WP-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.errors import (
    AlreadyConfigured,
    ContractReverted,
    FailedCall,
    InvalidInput,
    NotDelayed,
    NotOwner,
    OwnableInvalidOwner,
)
from switchgear.foreign.keys import ZERO
from switchgear.gas.chain import account
from switchgear.policy import Permission, Setup, deploy_safe_guard
from tests.support.guarded import AGENT, CHIEF, DAY, EVE, LIMITS, POLICY, TRANSFER, Guarded, refuses

if TYPE_CHECKING:
    from switchgear.gas.chain import Deployed

CODE_SIZE_LIMIT = 24_576
ADAPTERS = ("SafeAgentGuard", "AgentHook7579", "AgentCaveat")
CONFIGURE = "configure"


def _selectors(project: Any, name: str) -> dict[str, bytes]:
    """Selector of each function of a contract, by signature."""
    functions = [entry for entry in project.contracts[name].contract_type.abi if entry.type == "function"]
    return {entry.selector: keccak(text=entry.selector)[:4] for entry in functions}


def _cold(guarded: Guarded) -> Deployed:
    address = guarded.chain.call(guarded.guard, "administration")
    return guarded.chain.at(address, "PolicyAdministration")


def _again(guarded: Guarded) -> tuple[Any, ...]:
    """A set-up that would give the policy to a stranger."""
    return Setup(guarded.field.core.address, guarded.address, EVE).arguments


@pytest.mark.parametrize("name", ADAPTERS)
def test_selectors__of_each_adapter__in_exactly_one_half(project: Any, name: str) -> None:
    """WP-1: no function hides one of the cold half, nor what the fallback answers by itself."""
    hot, cold = _selectors(project, name), _selectors(project, "PolicyAdministration")
    if name == "SafeAgentGuard":
        guard = _selectors(project, "ITransactionGuard")
        hot |= {signature: guard[signature] for signature in guard if signature.startswith("checkTransaction(")}
        assert set(guard) <= set(hot)
    assert not set(hot) & set(cold)
    assert len(set(hot.values()) | set(cold.values())) == len(hot) + len(cold)
    assert set(_selectors(project, "ISessionPolicy")) | set(_selectors(project, "IDelayed")) <= set(cold)


@pytest.mark.parametrize("name", [*ADAPTERS, "PolicyAdministration"])
def test_code__of_either_half__fits(project: Any, name: str) -> None:
    """WP-1: each half keeps within the limit of EIP-170."""
    code = str(project.contracts[name].contract_type.runtime_bytecode.bytecode).removeprefix("0x")
    assert 0 < len(code) // 2 <= CODE_SIZE_LIMIT


def test_configure__after_deployment__is_nobodys(guarded: Guarded) -> None:
    """BR-9: the first configuration is the only one that does not wait, and there is no second."""
    chain, again = guarded.chain, _again(guarded)
    for sender in (CHIEF, EVE, guarded.address, AGENT.address):
        with refuses(AlreadyConfigured):
            chain.send(guarded.guard, CONFIGURE, again, sender=sender)
    with refuses(AlreadyConfigured):
        guarded.loosen(CONFIGURE, again)
    assert chain.call(guarded.guard, "owner") == CHIEF


def test_administration__called_directly__touches_nothing_of_the_policy(guarded: Guarded) -> None:
    """WP-1: the cold half by itself is nobody's, guards nothing, and cannot be made to."""
    chain, cold = guarded.chain, _cold(guarded)
    assert chain.call(cold, "owner") == guarded.guard.address
    with refuses(AlreadyConfigured):
        chain.send(cold, CONFIGURE, _again(guarded), sender=EVE)
    with refuses(NotOwner, caller=CHIEF):
        chain.send(cold, "revoke", AGENT.address, guarded.field.token.address, b"\x01\x02\x03\x04", sender=CHIEF)
    with refuses(NotDelayed, caller=EVE):
        chain.send(cold, "retire", sender=EVE)
    assert not chain.call(guarded.guard, "retired")


def test_deploy__without_an_owner__refused(guarded: Guarded) -> None:
    """WP-6: somebody has to be able to take the policy off."""
    raw = list(_again(guarded))
    raw[2] = ZERO
    with refuses(OwnableInvalidOwner, owner=ZERO):
        guarded.chain.deploy("SafeAgentGuard", tuple(raw), ZERO, label="ownerless")


def test_fallback__view_of_the_cold_half__returns_its_data(guarded: Guarded) -> None:
    """WP-1: return data come through to the byte, dynamic ones included."""
    granted = guarded.grant(assets=(guarded.field.token.address,), call_cap=77)
    question = (AGENT.address, granted.target, granted.arguments[2])
    permission, used, spent, _ = guarded.chain.call(guarded.guard, "permissionOf", *question)
    assert (permission[9], used, spent) == (77, 0, 0)
    assert [one.lower() for one in permission[13]] == [guarded.field.token.address.lower()]


def test_fallback__error_of_the_cold_half__comes_through(guarded: Guarded) -> None:
    """WP-1: errors of the cold half are the policy's, fields included."""
    with refuses(NotOwner, caller=EVE):
        guarded.chain.send(guarded.guard, "schedule", b"", sender=EVE)


@pytest.mark.parametrize("data", ["0x", "0xdeadbeef", "0x00"])
def test_fallback__unknown_selector__refused(guarded: Guarded, data: str) -> None:
    """WP-1: neither half takes what it does not know."""
    with refuses(FailedCall):
        guarded.chain.node.request("eth_call", {"to": guarded.guard.address, "data": data}, "latest")


def test_fallback__with_ether__refused(guarded: Guarded) -> None:
    """WP-1: a policy holds no money."""
    request = {"from": guarded.address, "to": guarded.guard.address, "value": "0x1"}
    with pytest.raises(ContractReverted) as caught:
        guarded.chain.node.request("eth_call", request, "latest")
    assert caught.value.data == b""


def test_storage__whatever_the_hot_half_writes__spares_the_cold_halfs(guarded: Guarded) -> None:
    """WP-6: both halves agree on where everything is: an installed hook has still the owner it was deployed with."""
    chain = guarded.chain
    holder = account("holder of a hook")
    setup = Setup(guarded.field.core.address, holder, CHIEF).asset(ZERO, LIMITS, POLICY)
    hook = chain.deploy("AgentHook7579", setup.arguments, AGENT.address, EVE, ZERO, label="halves")
    views = ("owner", "pendingOwner", "retired", "account", "countersign", "circuitBreaker")

    def shown() -> list[Any]:
        return [chain.call(hook, name) for name in views]

    before = shown()
    assert before[0] == CHIEF
    for function, installed in (("onInstall", True), ("onUninstall", False)):
        chain.send(hook, function, b"", sender=holder)
        assert chain.call(hook, "isInitialized", holder) is installed
        assert shown() == before
    chain.send(hook, "schedule", hook.interface.encode("retire", ()), sender=CHIEF)
    chain.later(DAY)
    chain.send(hook, "execute", hook.interface.encode("retire", ()), sender=CHIEF)
    assert chain.call(hook, "retired")


def test_client__first_configuration_too_large__says_so(guarded: Guarded) -> None:
    """WP-1: what no deployment can carry is told before it is sent, with what to do instead."""
    setup = Setup(guarded.field.core.address, guarded.address, CHIEF)
    for number in range(60):
        setup = setup.permit(Permission(AGENT.address, account(f"target {number}"), TRANSFER))
    with pytest.raises(InvalidInput, match="grant some of the permissions later"):
        deploy_safe_guard(guarded.chain.node.web3, setup)

"""A policy while it is made: whom it calls then may be hostile, and gets nothing (BR-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchgear.deployment import create_address
from switchgear.errors import HalvesDiffer, WrongCode
from switchgear.foreign.keys import ZERO
from switchgear.gas.chain import account
from switchgear.policy import SessionPolicy, Setup
from tests.support.guarded import CHIEF, EVE, LIMITS, POLICY, Field

if TYPE_CHECKING:
    from switchgear.gas.chain import Chain

ADAPTER = "SafeAgentGuard"
GUARDED = account("guarded while it is made")
PREFIX = 46
"""Bytes of the code of a hostile core before what it says."""


def hostile(whom: str, says: bytes) -> str:
    """Code that says something to somebody, whoever calls it, and answers with a zero; who called it, if to nobody."""
    size = len(says).to_bytes(2, "big").hex()
    target = "33" + "5b" * 20 if whom == ZERO else "73" + whom[2:]
    copy = f"61{size}61{PREFIX.to_bytes(2, 'big').hex()}5f39"
    call = f"5f5f61{size}5f5f{target}5af1505f5f5260205ff3"
    code = bytes.fromhex(copy + call)
    assert len(code) == PREFIX
    return "0x" + (code + says).hex()


@pytest.mark.parametrize("whom", ["the policy", "its cold half"])
def test_configure__by_a_core_that_is_asked_meanwhile__does_nothing(chain: Chain, field: Field, whom: str) -> None:
    """BR-9: neither half takes a second configuration while the first one lands, whoever is called for it."""
    core = account("hostile core")
    setup = Setup(core, GUARDED, CHIEF, trusted=(CHIEF,)).asset(ZERO, LIMITS, POLICY)
    chain.node.request("anvil_setCode", core, hostile(EVE, b""))
    with field.rolled_back():
        policy = chain.deploy(ADAPTER, setup.arguments, ZERO, label="construction")
        cold = str(chain.call(policy, "administration"))
    assert cold == create_address(policy.address, 1)
    again = chain.at(cold, "PolicyAdministration").interface.encode(
        "configure", (Setup(core, GUARDED, EVE, trusted=(EVE,)).arguments,)
    )
    chain.node.request("anvil_setCode", core, hostile(ZERO if whom == "the policy" else cold, again))
    policy = chain.deploy(ADAPTER, setup.arguments, ZERO, label="construction")
    assert chain.call(policy, "owner") == CHIEF
    assert chain.call(policy, "pendingOwner") == ZERO
    assert [chain.call(policy, "trusted", one) for one in (CHIEF, EVE)] == [True, False]
    assert chain.call(chain.at(cold, "PolicyAdministration"), "owner") == policy.address


def test_code__of_a_policy_with_a_hostile_other_half__is_not_taken_for_ours(chain: Chain, field: Field) -> None:
    """WP-1: whoever asks a policy sees first that both halves are ours: the other one runs on its storage."""
    setup = Setup(field.core.address, GUARDED, CHIEF)
    policy = chain.deploy(ADAPTER, setup.arguments, ZERO, label="genuine")
    web3 = chain.node.web3
    SessionPolicy(web3, policy.address).check()
    forged = account("forged policy")
    theirs = create_address(forged, 1)
    chain.node.request("anvil_setCode", forged, "0x" + chain.node.code(policy.address).hex())
    # Answers every question with whoever asks it.
    chain.node.request("anvil_setCode", theirs, "0x335f5260205ff3")
    assert chain.call(chain.at(forged, "PolicyAdministration"), "owner", sender=EVE) == EVE
    with pytest.raises(WrongCode) as caught:
        SessionPolicy(web3, forged).owner()
    assert (caught.value.name, caught.value.address) == ("PolicyAdministration", theirs)
    with pytest.raises(WrongCode):
        SessionPolicy(web3, field.token.address).owner()


@pytest.mark.parametrize("what", ["core", "account"])
def test_code__of_halves_for_different_cores_or_accounts__is_not_taken_for_ours(
    chain: Chain, field: Field, what: str
) -> None:
    """WP-1: what the hot half asks is not what the cold one says, where somebody has put both together by hand."""
    setup = Setup(field.core.address, GUARDED, CHIEF)
    policy = chain.deploy(ADAPTER, setup.arguments, ZERO, label="for different")
    ours = field.core.address if what == "core" else GUARDED
    code = chain.node.code(policy.address).replace(bytes.fromhex(ours[2:]), bytes.fromhex(EVE[2:]))
    chain.node.request("anvil_setCode", policy.address, "0x" + code.hex())
    with pytest.raises(HalvesDiffer) as caught:
        SessionPolicy(chain.node.web3, policy.address).account()
    assert caught.value.cold == (field.core.address, GUARDED, ZERO)
    assert EVE in caught.value.hot

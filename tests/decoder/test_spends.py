"""What single calls take from the account, each case against the library and against its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.decoder import EVERYTHING, NATIVE, PLAIN_TRANSFER, UNDERLYING, Call, Spend, Standard
from switchgear.errors import MalformedArguments, NoSelector
from tests.decoder.hostile import SIGNATURES, word

if TYPE_CHECKING:
    from collections.abc import Sequence

US, TARGET, FRIEND, OTHER, TOKEN = (to_checksum_address(f"0x{digit * 40}") for digit in "12345")
ERC20, ERC721, ERC1155, ERC4626, PERMIT2 = list(Standard)[1:]
SIGNED = [27, b"r" * 32, b"s" * 32]
PERMIT_SINGLE = "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)"


def data_of(signature: str, arguments: Sequence[Any]) -> bytes:
    """Calldata."""
    types = signature.partition("(")[2][:-1]
    return keccak(text=signature)[:4] + encode([f"({types})"], [arguments])[_is_dynamic(types) * 32 :]


def _is_dynamic(types: str) -> bool:
    """A tuple of these is laid out behind an offset."""
    return "bytes" in types.replace("bytes32", "") or "[]" in types


def took(asset: str, amount: int, recipient: str) -> Spend:
    """A spend that can be read."""
    return Spend(known=True, asset=asset, amount=amount, recipient=recipient)


UNKNOWN = Spend(known=False, asset=NATIVE, amount=0, recipient=NATIVE)

TRANSFER_FROM = "transferFrom(address,address,uint256)"
PERMIT = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
DAI_PERMIT = "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"
CASES: list[tuple[Standard, str, list[Any], Spend]] = [
    # Transfers, to whomever.
    (ERC20, "transfer(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "transfer(address,uint256)", [US, 7], took(TARGET, 7, US)),
    (ERC20, "transferAndCall(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "transferAndCall(address,uint256,bytes)", [FRIEND, 7, b"x"], took(TARGET, 7, FRIEND)),
    (ERC20, "send(address,uint256,bytes)", [FRIEND, 7, b""], took(TARGET, 7, FRIEND)),
    (ERC20, "burn(uint256)", [7], took(TARGET, 7, NATIVE)),
    (ERC20, "burn(uint256,bytes)", [7, b""], took(TARGET, 7, NATIVE)),
    # Ours; another's to us; another's to a third.
    (ERC20, TRANSFER_FROM, [US, FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, TRANSFER_FROM, [US, US, 7], took(TARGET, 7, US)),
    (ERC20, TRANSFER_FROM, [OTHER, US, 7], took(TARGET, 0, US)),
    (ERC20, TRANSFER_FROM, [OTHER, FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "transferFromAndCall(address,address,uint256)", [OTHER, US, 7], took(TARGET, 0, US)),
    (ERC20, "transferFromAndCall(address,address,uint256,bytes)", [US, FRIEND, 7, b""], took(TARGET, 7, FRIEND)),
    # Allowances.
    (ERC20, "approve(address,uint256)", [FRIEND, EVERYTHING], took(TARGET, EVERYTHING, FRIEND)),
    (ERC20, "approve(address,uint256)", [FRIEND, 0], took(TARGET, 0, FRIEND)),
    (ERC20, "increaseAllowance(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "increaseApproval(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "decreaseAllowance(address,uint256)", [FRIEND, 7], took(TARGET, 0, FRIEND)),
    (ERC20, "approveAndCall(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    (ERC20, "approveAndCall(address,uint256,bytes)", [FRIEND, 7, b""], took(TARGET, 7, FRIEND)),
    (ERC20, "authorizeOperator(address)", [FRIEND], took(TARGET, EVERYTHING, FRIEND)),
    (ERC20, PERMIT, [US, FRIEND, 7, 9, *SIGNED], took(TARGET, 7, FRIEND)),
    (ERC20, PERMIT, [OTHER, FRIEND, 7, 9, *SIGNED], took(TARGET, 0, FRIEND)),
    (ERC20, "permit(address,address,uint256,uint256,bytes)", [US, FRIEND, 7, 9, b"s"], took(TARGET, 7, FRIEND)),
    (ERC20, DAI_PERMIT, [US, FRIEND, 0, 9, True, *SIGNED], took(TARGET, EVERYTHING, FRIEND)),
    (ERC20, DAI_PERMIT, [US, FRIEND, 0, 9, False, *SIGNED], took(TARGET, 0, FRIEND)),
    (ERC20, DAI_PERMIT, [OTHER, FRIEND, 0, 9, True, *SIGNED], took(TARGET, 0, FRIEND)),
    # One token, or all of them: the same selectors mean an id here.
    (ERC721, TRANSFER_FROM, [US, FRIEND, 77], took(TARGET, 1, FRIEND)),
    (ERC721, TRANSFER_FROM, [OTHER, US, 77], took(TARGET, 0, US)),
    (ERC721, "safeTransferFrom(address,address,uint256)", [US, FRIEND, 77], took(TARGET, 1, FRIEND)),
    (ERC721, "safeTransferFrom(address,address,uint256,bytes)", [OTHER, FRIEND, 0, b""], took(TARGET, 1, FRIEND)),
    (ERC721, "approve(address,uint256)", [FRIEND, 77], took(TARGET, 1, FRIEND)),
    (ERC721, "approve(address,uint256)", [NATIVE, 77], took(TARGET, 0, NATIVE)),
    (ERC721, "permit(address,uint256,uint256,bytes)", [FRIEND, 77, 9, b"s"], took(TARGET, 1, FRIEND)),
    (ERC721, "permit(address,uint256,uint256,uint8,bytes32,bytes32)", [FRIEND, 7, 9, *SIGNED], took(TARGET, 1, FRIEND)),
    (ERC721, "setApprovalForAll(address,bool)", [FRIEND, True], took(TARGET, EVERYTHING, FRIEND)),
    (ERC721, "setApprovalForAll(address,bool)", [FRIEND, False], took(TARGET, 0, FRIEND)),
    (ERC721, "burn(uint256)", [77], took(TARGET, 1, NATIVE)),
    (
        ERC1155,
        "safeTransferFrom(address,address,uint256,uint256,bytes)",
        [US, FRIEND, 77, 7, b""],
        took(TARGET, 7, FRIEND),
    ),
    (ERC1155, "safeTransferFrom(address,address,uint256,uint256,bytes)", [OTHER, US, 77, 7, b""], took(TARGET, 0, US)),
    (ERC1155, "setApprovalForAll(address,bool)", [FRIEND, True], took(TARGET, EVERYTHING, FRIEND)),
    *(
        (
            ERC1155,
            "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
            [US, FRIEND, [77] * len(amounts), amounts, b""],
            took(TARGET, total, FRIEND),
        )
        for amounts, total in (([], 0), ([3, 4], 7), ([EVERYTHING, 0], EVERYTHING), ([EVERYTHING, 1, 1], EVERYTHING))
    ),
    # A vault: assets that only it knows the name of, and shares.
    (ERC4626, "deposit(uint256,address)", [7, FRIEND], took(UNDERLYING, 7, FRIEND)),
    (ERC4626, "withdraw(uint256,address,address)", [7, US, US], took(UNDERLYING, 7, US)),
    (ERC4626, "redeem(uint256,address,address)", [7, FRIEND, US], took(TARGET, 7, FRIEND)),
    (ERC4626, "mint(uint256,address)", [7, FRIEND], UNKNOWN._replace(recipient=FRIEND)),
    (ERC4626, "transfer(address,uint256)", [FRIEND, 7], took(TARGET, 7, FRIEND)),
    # Permit2: the token is an argument.
    (PERMIT2, "approve(address,address,uint160,uint48)", [TOKEN, FRIEND, 7, 9], took(TOKEN, 7, FRIEND)),
    (PERMIT2, "transferFrom(address,address,uint160,address)", [US, FRIEND, 7, TOKEN], took(TOKEN, 7, FRIEND)),
    (PERMIT2, "transferFrom(address,address,uint160,address)", [OTHER, US, 7, TOKEN], took(TOKEN, 0, US)),
    (PERMIT2, PERMIT_SINGLE, [US, ((TOKEN, 7, 9, 0), FRIEND, 9), b"s"], took(TOKEN, 7, FRIEND)),
    (PERMIT2, PERMIT_SINGLE, [OTHER, ((TOKEN, 7, 9, 0), FRIEND, 9), b"s"], took(TOKEN, 0, FRIEND)),
    # Not known, so that a selector says nothing without the standard.
    (Standard.NONE, "transfer(address,uint256)", [FRIEND, 7], UNKNOWN),
    (ERC1155, "transfer(address,uint256)", [FRIEND, 7], UNKNOWN),
    (PERMIT2, "approve(address,uint256)", [FRIEND, 7], UNKNOWN),
    (PERMIT2, "transferFrom((address,address,uint160,address)[])", [[(US, FRIEND, 7, TOKEN)]], UNKNOWN),
    (ERC20, "mint(address,uint256)", [FRIEND, 7], UNKNOWN),
]
IDS = [
    f"{standard.name} {signature.partition('(')[0]} {number}" for number, (standard, signature, *_) in enumerate(CASES)
]


@pytest.mark.parametrize(("standard", "signature", "arguments", "expected"), CASES, ids=IDS)
def test_spend__each_function__is_charged_as_documented(
    either: Any, standard: Standard, signature: str, arguments: list[Any], expected: Spend
) -> None:
    """WP-3: what, how much, and to whom; bytes behind the arguments change nothing."""
    data = data_of(signature, arguments)

    for tail in (b"", b"\1", bytes(32)):
        assert either.spend(standard, US, Call(TARGET, 0, data + tail)) == expected


def test_spend__the_cases_above__cover_every_known_function() -> None:
    """No function of the table is without a case."""
    assert {signature for _, signature, *_ in CASES} >= set(SIGNATURES)


KNOWN = {(standard, signature): arguments for standard, signature, arguments, spend in CASES if spend != UNKNOWN}


@pytest.mark.parametrize(
    ("standard", "signature"), KNOWN.keys(), ids=[f"{standard.name} {signature}" for standard, signature in KNOWN]
)
def test_spend__arguments_cut_short__are_refused(either: Any, standard: Standard, signature: str) -> None:
    """WP-2: old tokens fill up what is missing with zeros, others revert: the last byte of the head has to be there."""
    data = data_of(signature, KNOWN[standard, signature])
    types = signature.partition("(")[2]
    head = 4 + 32 * len(types.split(","))

    for length in (4, head - 1):
        with pytest.raises(MalformedArguments) as refused:
            either.spend(standard, US, Call(TARGET, 0, data[:length]))
        assert (refused.value.target, refused.value.selector) == (TARGET, data[:4])


DIRTY = [
    (ERC20, "transfer(address,uint256)", [FRIEND, 7], 0, 1 << 160),
    (ERC20, "transfer(address,uint256)", [FRIEND, 7], 0, 1 << 255),
    (ERC20, TRANSFER_FROM, [US, FRIEND, 7], 0, 1 << 160),
    (ERC20, TRANSFER_FROM, [OTHER, US, 7], 1, 1 << 160),
    (ERC20, PERMIT, [US, FRIEND, 7, 9, *SIGNED], 0, 1 << 160),
    (ERC20, DAI_PERMIT, [US, FRIEND, 0, 9, False, *SIGNED], 4, 2),
    (ERC721, "setApprovalForAll(address,bool)", [FRIEND, False], 1, 2),
    (ERC721, "setApprovalForAll(address,bool)", [FRIEND, True], 1, 1 << 255),
    (ERC4626, "mint(uint256,address)", [7, FRIEND], 1, 1 << 160),
    (PERMIT2, "approve(address,address,uint160,uint48)", [TOKEN, FRIEND, 7, 9], 0, 1 << 160),
    (PERMIT2, "approve(address,address,uint160,uint48)", [TOKEN, FRIEND, 7, 9], 2, 1 << 160),
    (PERMIT2, "transferFrom(address,address,uint160,address)", [US, FRIEND, 7, TOKEN], 3, 1 << 160),
]


@pytest.mark.parametrize(("standard", "signature", "arguments", "index", "bits"), DIRTY)
def test_spend__dirty_bits__are_refused(
    either: Any, standard: Standard, signature: str, arguments: list[Any], index: int, bits: int
) -> None:
    """WP-2: what some targets mask and others refuse is refused; the same arguments without the bits pass."""
    data = data_of(signature, arguments)
    at = 4 + 32 * index
    dirty = data[:at] + word(int.from_bytes(data[at : at + 32], "big") | bits) + data[at + 32 :]

    either.spend(standard, US, Call(TARGET, 0, data))
    with pytest.raises(MalformedArguments):
        either.spend(standard, US, Call(TARGET, 0, dirty))


@pytest.mark.parametrize("token", [NATIVE, UNDERLYING])
def test_spend__permit2_with_a_token_that_is_none__is_refused(either: Any, token: str) -> None:
    """WP-3: an argument cannot pass for the chain's coin, nor for the asset of a vault."""
    for signature, arguments in (
        ("approve(address,address,uint160,uint48)", [token, FRIEND, 7, 9]),
        ("transferFrom(address,address,uint160,address)", [US, FRIEND, 7, token]),
        (PERMIT_SINGLE, [US, ((token, 7, 9, 0), FRIEND, 9), b""]),
    ):
        with pytest.raises(MalformedArguments):
            either.spend(PERMIT2, US, Call(TARGET, 0, data_of(signature, arguments)))


@pytest.mark.parametrize(
    ("offset", "count"), [(2**256 - 32, 2), (289, 0), (2**64, 2), (192, 4), (192, 2**251), (192, 2**256 - 1)]
)
def test_spend__list_of_amounts_that_leads_astray__is_refused(either: Any, offset: int, count: int) -> None:
    """WP-2: the amounts lie inside the 320 bytes of arguments, every one of them."""
    signature = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"
    data = data_of(signature, [US, FRIEND, [], [3, 4], b""])
    amounts = 4 + int.from_bytes(data[100:132], "big")
    astray = data[:100] + word(offset) + data[132:amounts] + word(count) + data[amounts + 32 :]

    assert (len(data), amounts) == (4 + 320, 4 + 192)
    with pytest.raises(MalformedArguments):
        either.spend(ERC1155, US, Call(TARGET, 0, astray))


@pytest.mark.parametrize("standard", list(Standard))
def test_spend__no_data__is_a_plain_transfer(either: Any, standard: Standard) -> None:
    """WP-3: without data it is the value that is taken, whatever the target is."""
    call = Call(TARGET, 7, b"")

    assert call.selector == PLAIN_TRANSFER
    assert either.spend(standard, US, call) == took(NATIVE, 7, TARGET)


@pytest.mark.parametrize("data", [b"\xa9", b"\xa9\5\x9c", bytes(1), bytes(4), bytes(68)], ids=bytes.hex)
@pytest.mark.parametrize("standard", [Standard.NONE, ERC20])
def test_spend__no_selector__is_refused(either: Any, standard: Standard, data: bytes) -> None:
    """WP-1: one to three bytes, or a selector of zeros, must not pass for a plain transfer."""
    with pytest.raises(NoSelector):
        either.spend(standard, US, Call(TARGET, 7, data))

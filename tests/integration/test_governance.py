"""Who may do what, how long it takes, and who can stop it. Ids are those of docs/invariants.md."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from eth_utils import keccak

from ssi.chain.evm import Deployed, Entry, Evm, Interface, Reverted
from ssi.constants import ADMIN, DAY, GOVERNOR, GUARDIAN, NOTICE
from ssi.registry.system import System
from tests.support.governance import SigningSafe, govern, schedule, wait
from tests.support.indexes import ANYTHING
from tests.support.reverts import error, reverts

COOLDOWN = 14 * DAY

# What any account may call, and why that is safe. Each function that changes state stands here or in the role table.
OPEN = MappingProxyType(
    {
        "IndexToken": {
            "mint": "pays in full",
            "mintWithCallback": "pays in full",
            "redeem": "burns the caller's shares or an allowance",
            "claim": "pays the caller's own claim",
            "collectFees": "issues what time has earned, to the fee receiver",
            "transfer": "ERC-20",
            "transferFrom": "ERC-20",
            "approve": "ERC-20",
            "permit": "EIP-2612",
            "swap": "for the index's rebalancer",
        },
        "IndexFactory": {},
        "IndexLens": {},
        "IndexRouter": {
            "buy": "pays with the caller's tokens",
            "buyExactInput": "pays with the caller's tokens",
            "sell": "takes the caller's shares",
            "sellExactOutput": "takes the caller's shares",
            "stakeWithPermit": "takes the caller's shares",
            "quoteBuy": "undoes itself",
            "quoteSell": "undoes itself",
            "quoteBuyExactInput": "undoes itself",
            "prepare": "approves an index's own staked token",
            "onIndexMint": "for the index that it mints",
            "uniswapV3SwapCallback": "for the pool that it swaps in",
        },
        "PriceOracle": {"poke": "records what a vault says, at most what time may have added"},
        "UniswapV3TwapFeed": {},
        "SupplyRegistry": {},
        "FloorAndMarketCap": {},
        "CappedMarketCap": {},
        "FixedWeights": {},
        "LpLocker": {
            "lockPosition": "takes the caller's position",
            "onERC721Received": "locks for the owner of what the position manager brings",
            "lockTokens": "takes the caller's tokens",
            "setOperator": "for the caller's own things",
            "requestUnlock": "for the owner and operators",
            "cancelUnlock": "for the owner and operators",
            "unlock": "for the owner and operators",
            "collect": "for the owner and operators",
            "requestUnlockTokens": "for the owner and operators",
            "cancelUnlockTokens": "for the owner and operators",
            "unlockTokens": "for the owner and operators",
        },
        "ReferralRegistry": {
            "register": "for the caller alone",
            "bind": "binds the caller",
            "bindWithSignature": "binds who has signed",
            "bindFor": "for the ledger",
            "revokeSignatures": "of the caller",
        },
        "Rebalancer": {
            "initialize": "once, in the proxy's constructor",
            "bid": "pays what the auction asks for what it sells",
            "onIndexSwap": "for the index that is being bid on",
            "close": "says what time has done already",
        },
        "RebalancePlanner": {},
        "UniswapFiller": {
            "fill": "holds nothing that is not its caller's",
            "onBid": "for the rebalancer within a fill",
        },
        "PointsLedger": {
            "initialize": "once, by the proxy's constructor",
            "join": "for the caller alone",
            "joinWithSignature": "for who has signed",
            "onBuy": "for the router",
            "record": "writes down what every account can read",
            "recordMany": "writes down what every account can read",
            "fund": "takes the caller's tokens",
            "claim": "pays the caller what is theirs",
            "claimMany": "pays the caller what is theirs",
            "recordAndClaim": "records the caller, and pays them what is theirs",
            "rollOver": "moves what no account can claim any more",
        },
        "ReferencePrices": {"sample": "takes the prices of now", "settle": "writes down what every account can read"},
        "RoleTable": {},
        "ProtocolProxy": {},
        "StakedToken": {
            "deposit": "pays in full",
            "mint": "pays in full",
            "addRewards": "gives the caller's assets away",
            "requestRedeem": "asks for the controller or its operator, and the owner's leave",
            "cancelRequest": "asks for the controller or its operator",
            "redeem": "asks for the controller or its operator",
            "withdraw": "asks for the controller or its operator",
            "setOperator": "gives rights over the caller's own account",
            "transfer": "ERC-20",
            "transferFrom": "ERC-20",
            "approve": "ERC-20",
            "permit": "EIP-2612",
        },
        "FeeDistributor": {
            "initialize": "once, by the proxy's constructor",
            "distribute": "splits as governance has set it",
        },
        "ProtocolManager": {
            "schedule": "asks for the role of what is scheduled",
            "execute": "asks for the role of what is executed",
            "cancel": "for who scheduled, the guardian and the administrator",
            "consumeScheduledOp": "for what was scheduled on the caller",
            "multicall": "each of its calls asks for itself",
            "renounceRole": "gives up the caller's own role",
        },
    }
)
CONTRACTS = tuple(OPEN)
# What asks the manager on every restricted call.
MANAGED = (
    "IndexToken",
    "IndexFactory",
    "IndexRouter",
    "PriceOracle",
    "SupplyRegistry",
    "StakedToken",
    "FeeDistributor",
    "Rebalancer",
    "LpLocker",
    "ReferralRegistry",
    "PointsLedger",
    "ReferencePrices",
)


def functions(project: Any, name: str) -> dict[bytes, Entry]:
    """What changes state."""
    return {
        entry.hash[:4]: entry for entry in Interface.of(getattr(project, name)).kinds("function") if not entry.reads
    }


def targets(system: System, name: str) -> list[Deployed]:
    """Every deployed contract of that kind."""
    if name == "IndexToken":
        return [system.index(symbol) for symbol in system.record.indexes]
    if name == "StakedToken":
        return [system.staked(symbol) for symbol in system.record.staked]
    if name == "ProtocolProxy":
        return [system.contract("FeeDistributor", "ProtocolProxy")]
    return [system.contract(name)]


@pytest.mark.parametrize("name", CONTRACTS)
def test_all_that_changes_state_is_restricted_or_open_for_a_reason(project, table, name):
    """I10, and no function is forgotten: a new one turns this red until an engineer says which it is."""
    known = {entry.name for entry in functions(project, name).values()}
    restricted = {functions(project, name)[selector].name for target, selector, _ in table if target == name}
    assert known == restricted | set(OPEN[name]), "I10 in the table or open for a reason"
    assert not restricted & set(OPEN[name]), "I10 not both"


def test_every_production_contract_is_walked(project):
    """All contracts outside mocks that have bytecode are in the list above."""
    found = set()
    for name, container in project.load_contracts().items():
        contract = container.contract_type
        source = str(contract.source_id)
        if (
            source.startswith("contracts/")
            and "/mocks/" not in source
            and contract.deployment_bytecode
            and len(contract.abi) > 0
        ):
            code = contract.deployment_bytecode.bytecode or ""
            if len(code) > 400:  # libraries without external functions leave a stub
                found.add(name)
    assert found == set(CONTRACTS)


def test_the_table_is_what_the_code_restricts(evm, system, project, table, bob):
    """I10: a stranger is refused by every function of the table, on every deployed contract, before anything else is
    looked at.
    """
    refused = 0
    for name, selector, _ in table:
        entry = functions(project, name)[selector]
        data = selector + b"\0" * 32 * 24
        for target in targets(system, name):
            if name == "ProtocolManager":
                inputs = {"msgsender": bob, "roleId": ADMIN}
                expected = error(project.ProtocolManager, "AccessManagerUnauthorizedAccount")
            else:
                inputs, expected = {"caller": bob}, error(getattr(project, name), "AccessManagedUnauthorized")
            with reverts(expected, **inputs):
                evm.send(bob, target.address, data, where=entry.signature)
            refused += 1
    assert refused == len(table) + 9 * 3 + 1 * 4, (
        "three more indexes with nine rows each, four more staked tokens with one"
    )


@pytest.mark.parametrize("name", [name for name in CONTRACTS if name != "ProtocolManager"])
def test_open_functions_ask_for_no_role(evm, system, project, bob, name):
    """The other half of that comparison. The manager's own answer by role on purpose: the next test."""
    unauthorized = error(project.IndexToken, "AccessManagedUnauthorized").hash[:4]

    def answer(selector):
        try:
            return evm.call(targets(system, name)[0].address, selector + b"\0" * 32 * 24, sender=bob)
        except Reverted as reverted:
            return reverted.data

    for selector, entry in functions(project, name).items():
        if entry.name in OPEN[name]:
            assert answer(selector)[:4] != unauthorized, entry.signature


def test_the_managers_open_functions_let_a_stranger_do_nothing(system, project, bob):
    """Each of them, by its own refusal; `renounceRole` of a role that one does not have says nothing and does
    nothing.
    """
    manager, index, safe = system.manager, system.index("MAG7.ssi"), system.record.contracts["Safe"]
    data = index.setMintFee.encode(20)
    schedule(system, index, data)

    call = {"caller": bob, "target": index.address, "selector": data[:4]}
    unauthorized = error(project.ProtocolManager, "AccessManagerUnauthorizedCall")
    with reverts(unauthorized, **call):
        manager.schedule(index.address, data, 0, sender=bob)
    with reverts(unauthorized, **call):
        manager.execute(index.address, data, sender=bob)
    with reverts(unauthorized, **call):
        manager.multicall([manager.execute.encode(index.address, data)], sender=bob)
    not_bobs = {"msgsender": bob, "caller": safe, "target": index.address, "selector": data[:4]}
    with reverts(error(project.ProtocolManager, "AccessManagerUnauthorizedCancel"), **not_bobs):
        manager.cancel(safe, index.address, data, sender=bob)
    with reverts(""):
        manager.consumeScheduledOp(safe, data, sender=bob)
    with reverts(error(project.ProtocolManager, "AccessManagerBadConfirmation")):
        manager.renounceRole(ADMIN, safe, sender=bob)
    assert manager.renounceRole(ADMIN, bob, sender=bob).logs == []
    assert manager.getSchedule(manager.hashOperation(safe, index.address, data)) != 0


def test_no_function_changes_who_is_in_charge(system, project, bob):
    """G3: neither a stranger, nor the Safe, nor the manager itself."""
    for name in MANAGED:
        fixed = error(getattr(project, name), "FixedAuthority_Fixed")
        for target in targets(system, name):
            for caller in (bob, system.record.contracts["Safe"], system.manager.address):
                with reverts(fixed, proposed=bob):
                    target.setAuthority(bob, sender=caller)
            assert target.authority() == system.manager.address


def test_roles_and_delays_are_what_the_docs_say(system, table):
    manager, contracts = system.manager, system.record.contracts
    safe, guardian = contracts["Safe"], contracts["GuardianSafe"]
    assert NOTICE > COOLDOWN
    for name, selector, role in table:
        for target in targets(system, name):
            assert manager.getTargetFunctionRole(target.address, selector) == role
            by_safe = tuple(manager.canCall(safe, target.address, selector))
            by_guardian = tuple(manager.canCall(guardian, target.address, selector))
            assert by_safe == ((False, 0) if role == GUARDIAN else (False, NOTICE))
            assert by_guardian == ((True, 0) if role == GUARDIAN else (False, 0))
    for role in (GOVERNOR, GUARDIAN):
        assert manager.getRoleAdmin(role) == ADMIN
    assert manager.getRoleGuardian(GOVERNOR) == GUARDIAN


def test_no_account_has_a_role_but_those_that_should(evm, system):
    """From the manager's own history: all accounts that were ever granted a role, and what is left of it."""
    manager, contracts = system.manager, system.record.contracts
    topic = "0x" + keccak(text="RoleGranted(uint64,address,uint32,uint48,bool)").hex()
    logs = evm.rpc.call("eth_getLogs", {"address": manager.address, "fromBlock": "earliest", "topics": [topic]})
    granted = {(int(log["topics"][1], 16), "0x" + log["topics"][2][-40:]) for log in logs}
    held = {}
    for role, account in granted:
        member, delay = manager.hasRole(role, account)
        if member:
            held[role, account] = delay
    who = {name: contracts[name].lower() for name in ("Safe", "GuardianSafe", "IndexFactory")}
    assert held == {
        (ADMIN, who["Safe"]): NOTICE, (ADMIN, who["IndexFactory"]): 0,
        (GOVERNOR, who["Safe"]): NOTICE, (GUARDIAN, who["GuardianSafe"]): 0,
    }  # fmt: skip


def test_changes_of_the_table_itself_need_the_notice(system):
    wait(system, 6 * DAY)  # the manager lets a longer delay take effect after five days
    for name in MANAGED:
        for target in targets(system, name):
            assert system.manager.getTargetAdminDelay(target.address) == NOTICE


def test_the_multisigs_are_real_safes(evm, system):
    safe, guardian = (SigningSafe(evm, system.record.contracts[name]) for name in ("Safe", "GuardianSafe"))
    assert (safe.safe.getThreshold(), len(safe.safe.getOwners())) == (2, 3)
    assert (guardian.safe.getThreshold(), len(guardian.safe.getOwners())) == (1, 2)
    assert not set(safe.multisig.owners) & set(guardian.multisig.owners), (
        "G3 stolen keys of the Safe are worth nothing in the guardian"
    )


class TestProposal:
    """One change, from two signatures to its effect."""

    @pytest.fixture
    def index(self, system: System) -> Deployed:
        return system.index("MAG7.ssi")

    @pytest.fixture
    def data(self, index: Deployed) -> bytes:
        return index.setMintFee.encode(20)

    @pytest.fixture
    def safe(self, evm: Evm, system: System) -> SigningSafe:
        return SigningSafe(evm, system.record.contracts["Safe"])

    def test_two_owners_sixteen_days_and_a_holders_clock(self, system, project, index, data, safe):
        proposal = system.manager.schedule.encode(index.address, data, 0)
        with reverts("GS020"):
            safe.execute(system.manager, proposal, signers=1)
        receipt = safe.execute(system.manager, proposal, signers=2)
        (scheduled,) = receipt.events(system.manager, "OperationScheduled")
        operation = scheduled.values["operationId"]
        assert scheduled.values["schedule"] == system.evm.now + NOTICE

        early = scheduled.values["schedule"] - 1
        execution = system.manager.execute.encode(index.address, data)
        not_ready = error(project.ProtocolManager, "AccessManagerNotReady")
        with reverts(not_ready, operationId=operation):
            system.manager.execute.call(index.address, data, sender=safe.safe.address, at=early)
        with reverts("GS013"):
            safe.execute(system.manager, execution, signers=2)
        wait(system)
        assert index.terms().mintFee == 10
        safe.execute(system.manager, execution, signers=2)
        assert index.terms().mintFee == 20

    def test_a_stranger_cannot_even_schedule(self, system, project, index, data, bob):
        expected = error(project.ProtocolManager, "AccessManagerUnauthorizedCall")
        with reverts(expected, caller=bob, target=index.address, selector=data[:4]):
            system.manager.schedule(index.address, data, 0, sender=bob)

    def test_the_guardian_cancels_at_once(self, system, project, index, data, evm):
        operation = schedule(system, index, data)
        guardian = SigningSafe(evm, system.record.contracts["GuardianSafe"])
        cancel = system.manager.cancel.encode(system.record.contracts["Safe"], index.address, data)
        receipt = guardian.execute(system.manager, cancel, signers=1)
        assert [event.name for event in receipt.events(system.manager)] == ["OperationCanceled"]
        wait(system)
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            system.manager.execute(index.address, data, sender=system.record.contracts["Safe"])

    def test_the_guardian_cancels_changes_of_roles_too(self, system, project):
        """A stolen Safe cannot make itself guardian: that takes the notice, and the guardian stops it."""
        safe, guardian = system.record.contracts["Safe"], system.record.contracts["GuardianSafe"]
        data = system.manager.grantRole.encode(GUARDIAN, safe, 0)
        operation = schedule(system, system.manager, data)
        system.manager.cancel(safe, system.manager.address, data, sender=guardian)
        wait(system)
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            system.manager.execute(system.manager.address, data, sender=safe)

    def test_the_guardian_can_only_stop(self, system, project, index, table):
        guardian = system.record.contracts["GuardianSafe"]
        index.pauseMinting(sender=guardian)
        assert index.terms().paused
        allowed = []
        for name, selector, _ in table:
            for target in targets(system, name):
                can, _ = system.manager.canCall(guardian, target.address, selector)
                if can:
                    allowed.append(functions(project, name)[selector].name)
        assert set(allowed) == {"pauseMinting", "cancel"}
        with reverts(error(project.IndexToken, "AccessManagedUnauthorized"), caller=guardian):
            index.unpauseMinting(sender=guardian)
        data = index.setMintFee.encode(0)
        expected = error(project.ProtocolManager, "AccessManagerUnauthorizedCall")
        with reverts(expected, caller=guardian, target=index.address, selector=data[:4]):
            system.manager.schedule(index.address, data, 0, sender=guardian)

    def test_a_proposal_goes_stale_after_a_week(self, system, project, index, data):
        operation = schedule(system, index, data)
        wait(system, NOTICE + 7 * DAY + 1)
        with reverts(error(project.ProtocolManager, "AccessManagerExpired"), operationId=operation):
            system.manager.execute(index.address, data, sender=system.record.contracts["Safe"])

    def test_nothing_is_executed_twice(self, system, project, index, data):
        operation = schedule(system, index, data)
        wait(system)
        system.manager.execute(index.address, data, sender=system.record.contracts["Safe"])
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            system.manager.execute(index.address, data, sender=system.record.contracts["Safe"])

    def test_holders_who_dislike_a_change_are_out_before_it(self, system, index, data, evm):
        """A holder who redeems on the day after it was scheduled is out more than two weeks before anything changes."""
        schedule(system, index, data)
        deployer = system.record.contracts["Safe"]
        evm.warp(DAY)
        shares = index.balanceOf(deployer)
        index.redeem(shares, deployer, deployer, *ANYTHING, sender=deployer)
        assert index.balanceOf(deployer) == 0
        assert index.terms().mintFee == 10


def test_paused_minting_resumes_after_the_notice_only(system):
    index = system.index("DEFI.ssi")
    index.pauseMinting(sender=system.record.contracts["GuardianSafe"])
    govern(system, index, "unpauseMinting", [])
    assert not index.terms().paused


def test_swapping_is_the_rebalancers_right_alone(system, project):
    """Not even the governor's: an account that may start a rebalance still cannot trade by itself."""
    safe = system.record.contracts["Safe"]
    for symbol in system.record.indexes:
        index = system.index(symbol)
        tokens = index.basket().tokens
        assert index.terms().rebalancer == system.rebalancer.address
        with reverts(error(project.IndexToken, "IndexToken_NotRebalancer"), caller=safe):
            index.swap(tokens[0], 1, tokens[1], 1, safe, b"", sender=safe)


def test_another_rebalancer_waits_for_the_notice(evm, system, project):
    """From then on the old one is refused."""
    index, safe, old = system.index("MAG7.ssi"), system.record.contracts["Safe"], system.rebalancer.address
    call = index.setRebalancer.encode(safe)
    schedule(system, index, call)
    wait(system, NOTICE - 60)
    operation = system.manager.hashOperation(safe, index, call)
    with reverts(error(project.ProtocolManager, "AccessManagerNotReady"), operationId=operation):
        evm.send(safe, index, call)
    assert index.terms().rebalancer == old

    wait(system, 60)
    receipt = evm.send(safe, index, call)
    assert [event.values for event in receipt.events(index) if event.name == "RebalancerSet"] == [{"rebalancer": safe}]
    assert index.terms().rebalancer == safe
    tokens = index.basket().tokens
    with reverts(error(project.IndexToken, "IndexToken_NotRebalancer"), caller=old):
        index.swap(tokens[0], 1, tokens[1], 1, old, b"", sender=old)

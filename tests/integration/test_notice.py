"""What can touch assets or rules takes longer than the way out. Ids are those of docs/invariants.md."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from eth_utils import keccak, to_checksum_address

from ssi.chain.evm import Deployed, Evm, Interface
from ssi.constants import ADMIN, DAY, GOVERNOR, GUARDIAN, IMPLEMENTATION_SLOT, NOTICE
from ssi.governance.decoder import IMPLEMENTATION, Decoder
from ssi.points.locks import PoolKind
from ssi.registry.system import System
from tests.support.governance import SigningSafe, deployed, govern, schedule, wait
from tests.support.indexes import ANYTHING
from tests.support.liquidity import UniswapMarket
from tests.support.reverts import error, reverts

PUBLIC = 2**64 - 1  # the role that every account has
NOTHING = b"\0" * 32 * 24  # enough arguments for every function
# What the guardian may do at once. Each only stops something, and none stops a redemption.
STOPS = frozenset({"pauseMinting", "cancel"})


@pytest.fixture
def staked(system: System) -> Deployed:
    return system.staked("MAG7.ssi")


@pytest.fixture
def holders(evm: Evm, system: System) -> list[str]:
    """All accounts that ever got a role, from the manager's own history."""
    granted = logs(evm, system.manager.address, "RoleGranted(uint64,address,uint32,uint48,bool)")
    return sorted({str(to_checksum_address("0x" + log["topics"][2][-40:])) for log in granted})


def logs(evm: Evm, address: str, event: str | None = None) -> list[dict[str, Any]]:
    """All that a contract ever said, or one event of it."""
    topics = ["0x" + keccak(text=event).hex()] if event else []
    return evm.rpc.call("eth_getLogs", {"address": address, "fromBlock": "earliest", "topics": topics})


class TestWholeTable:
    """G1 over every row, every contract and every account that ever had a role."""

    def test_every_way_to_a_restricted_function_is_longer_than_the_way_out(self, system, table, holders, staked):
        """No account at once, but for the guardian's stops; every other one after more than the longest cooldown."""
        manager, cooldown, seen = system.manager, staked.MAX_COOLDOWN(), set()
        for kind, contract in deployed(system):
            functions = {entry.hash[:4]: entry.name for entry in contract.interface.kinds("function")}
            for name, selector, role in table:
                if name != kind:
                    continue
                seen.add((name, selector))
                for holder in [*holders, contract.address, manager.address]:
                    at_once, delay = manager.canCall(holder, contract.address, selector)
                    if holder == system.record.contracts["IndexFactory"] and role == ADMIN:
                        assert kind == "ProtocolManager", "see the factory below"
                    elif not at_once:
                        assert delay == 0 or delay > cooldown, (
                            f"G1 {holder} may call {name}.{functions[selector]} after {delay} s"
                        )
                    else:
                        assert role == GUARDIAN, f"G1 {holder} may call {name}.{functions[selector]} at once"
                        assert functions[selector] in STOPS, (
                            f"G1 the guardian may call {name}.{functions[selector]} at once"
                        )
        assert {row[:2] for row in table} == seen, "G1 every row is of a deployed contract"

    def test_roles_are_given_and_moved_after_the_notice_only(self, system, holders, staked):
        """G1 for the manager's own functions: they ask for ADMIN. The factory alone has it at once; see below."""
        manager, cooldown = system.manager, staked.MAX_COOLDOWN()
        for holder in holders:
            is_member, delay = manager.hasRole(ADMIN, holder)
            if is_member and holder != system.record.contracts["IndexFactory"]:
                assert delay > cooldown, f"G1 {holder} administers after {delay} s"
        for role in (GOVERNOR, GUARDIAN):
            assert manager.getRoleAdmin(role) == ADMIN, "G1"

    def test_the_factory_does_one_thing_with_its_role(self, evm, system, project):
        """G1: it is no proxy, its one function is the governor's, and all that it says to the manager concerns the
        index that it makes.
        """
        changing = {entry.name for entry in Interface.of(project.IndexFactory).kinds("function") if not entry.reads}
        assert changing == {"createIndex"}
        assert int(evm.rpc.call("eth_getStorageAt", system.factory.address, IMPLEMENTATION_SLOT, "latest"), 16) == 0
        safe = system.record.contracts["Safe"]
        can = system.manager.canCall(safe, system.factory.address, system.factory.interface["createIndex"].hash[:4])
        assert tuple(can) == (False, NOTICE), "G1"

        setting = ("TargetFunctionRoleUpdated(address,bytes4,uint64)", "TargetAdminDelayUpdated(address,uint32,uint48)")
        about = {"0x" + keccak(text=event).hex() for event in setting}
        births = logs(evm, system.factory.address, "IndexCreated(address,string,uint256,address)")
        assert len(births) == len(system.record.indexes)
        for birth in births:
            said = [
                log for log in logs(evm, system.manager.address) if log["transactionHash"] == birth["transactionHash"]
            ]
            assert {(log["topics"][0], log["topics"][1]) for log in said} == {
                (what, birth["topics"][1]) for what in about
            }, "G1"

    def test_what_is_behind_a_proxy_obeys_no_account(self, system, table, holders):
        """G1: an implementation has no authority, so no account that ever had a role can do anything there, and none
        can initialise it.
        """
        found = {name: contract for name, contract in Decoder(system).deployed.items() if name.endswith(IMPLEMENTATION)}
        assert len(found) == 3
        for name, contract in found.items():
            assert int(contract.authority(), 16) == 0, f"G1 {name}"
            interface = contract.interface
            for kind, selector, _ in table:
                if kind != interface.name:
                    continue
                for holder in [*holders, system.manager.address]:
                    upgrade = selector == interface["upgradeToAndCall"].hash[:4]
                    expected, inputs = (
                        ("UUPSUnauthorizedCallContext", {})
                        if upgrade
                        else ("AccessManagedUnauthorized", {"caller": holder})
                    )
                    with reverts(error(interface, expected), **inputs):
                        system.evm.call(contract.address, selector + NOTHING, sender=holder)
            with reverts(error(interface, "InvalidInitialization")):
                system.evm.call(contract.address, interface["initialize"].hash[:4] + NOTHING)

    def test_the_rest_is_the_administrators_after_the_notice(self, system, staked):
        """G1: a function that is not in the table is not open at once."""
        safe = system.record.contracts["Safe"]
        assert tuple(system.manager.canCall(safe, staked.address, b"\x12\x34\x56\x78")) == (False, NOTICE), "G1"


class TestShorterNotice:
    """G1 holds for changes of the notice itself."""

    def test_a_shorter_notice_takes_the_notice_twice(self, system, evm):
        """Sixteen days to say so, and the difference until it counts."""
        safe, index = system.record.contracts["Safe"], system.index("MAG7.ssi")
        govern(system, system.manager, "grantRole", [GOVERNOR, safe, 0])
        selector = index.interface["setMintFee"].hash[:4]
        assert tuple(system.manager.canCall(safe, index.address, selector)) == (False, NOTICE)
        evm.warp(NOTICE - 60)
        assert tuple(system.manager.canCall(safe, index.address, selector)) == (False, NOTICE)
        evm.warp(120)
        assert tuple(system.manager.canCall(safe, index.address, selector)) == (True, 0)

    def test_a_function_can_be_given_away_after_the_notice_only(self, system, project, staked):
        index, safe = system.index("MAG7.ssi"), system.record.contracts["Safe"]
        data = system.manager.setTargetFunctionRole.encode(
            index.address, [index.interface["setMintFee"].hash[:4]], GUARDIAN
        )
        operation = schedule(system, system.manager, data)
        not_ready = error(project.ProtocolManager, "AccessManagerNotReady")
        wait(system, staked.MAX_COOLDOWN())
        with reverts(not_ready, operationId=operation):
            system.manager.execute(system.manager.address, data, sender=safe)


# What two dishonest owners could ask of the manager: each would be a way past the notice, the guardian, or both.
TRICKS = MappingProxyType(
    {
        "another authority": lambda s: ("updateAuthority", [s.index("MAG7.ssi"), s.token("WETH")]),
        "no more notice for the governor": lambda s: ("grantRole", [GOVERNOR, s.record.contracts["Safe"], 0]),
        "no more notice for the administrator": lambda s: ("grantRole", [ADMIN, s.record.contracts["Safe"], 0]),
        "out, and in again without notice": lambda s: ("revokeRole", [GOVERNOR, s.record.contracts["Safe"]]),
        "no guardian": lambda s: ("revokeRole", [GUARDIAN, s.record.contracts["GuardianSafe"]]),
        "a guardian of one's own": lambda s: ("grantRole", [GUARDIAN, s.record.contracts["Safe"], 0]),
        "the guardian's seat for every account": lambda _: ("setRoleAdmin", [GUARDIAN, PUBLIC]),
        "no guardian of the governor": lambda _: ("setRoleGuardian", [GOVERNOR, PUBLIC]),
        "a function for every account": lambda s: (
            "setTargetFunctionRole", [s.index("MAG7.ssi"), [b"\1\2\3\4"], PUBLIC]
        ),
        "the guardian's seat by a public call": lambda s: (
            "setTargetFunctionRole", [s.manager, [s.manager.interface["replaceGuardian"].hash[:4]], PUBLIC]
        ),
        "a closed index, which the guardian cannot pause": lambda s: ("setTargetClosed", [s.index("MAG7.ssi"), True]),
        "no notice for changes of an index": lambda s: ("setTargetAdminDelay", [s.index("MAG7.ssi"), 0]),
        "guardians who never take office": lambda _: ("setGrantDelay", [GUARDIAN, 2**32 - 1]),
    }
)  # fmt: skip


class TestTricks:
    """G1 and G3: all that the manager could be asked takes the notice, by each way to ask, and the guardian can cancel
    it.
    """

    @pytest.mark.parametrize("trick", TRICKS)
    def test_it_takes_the_notice_and_can_be_vetoed(self, system, project, trick):
        manager, safe = system.manager, system.record.contracts["Safe"]
        method, args = TRICKS[trick](system)
        data = getattr(manager, method).encode(*args)
        operation = schedule(system, manager, data)
        assert manager.getSchedule(operation) == system.evm.now + NOTICE, "G1"
        wait(system, NOTICE - 1)
        not_ready = error(project.ProtocolManager, "AccessManagerNotReady")
        with reverts(not_ready, operationId=operation):
            manager.execute(manager.address, data, sender=safe)
        with reverts(not_ready, operationId=operation):
            getattr(manager, method)(*args, sender=safe)
        with reverts(not_ready, operationId=operation):
            manager.multicall([manager.execute.encode(manager.address, data)], sender=safe)
        manager.cancel(safe, manager.address, data, sender=system.record.contracts["GuardianSafe"])
        wait(system, 1)
        with reverts(error(project.ProtocolManager, "AccessManagerNotScheduled"), operationId=operation):
            manager.execute(manager.address, data, sender=safe)

    def test_an_index_in_its_first_five_days_waits_too(self, system):
        """G1: the manager does not enforce the delay of a new target's changes yet; who may change them waits all the
        same.
        """
        index, manager = system.index("MAG7.ssi"), system.manager
        assert manager.getTargetAdminDelay(index.address) == 0, "the deployment is younger than five days"
        data = manager.setTargetFunctionRole.encode(index.address, [b"\1\2\3\4"], PUBLIC)
        assert manager.getSchedule(schedule(system, manager, data)) == system.evm.now + NOTICE, "G1"

    def test_two_calls_together_end_the_notice_after_one_notice(self, system):
        """G1: by a shorter delay it takes two (below); by leaving the role and coming back it takes one, in which
        every holder can leave.
        """
        index, manager, safe = system.index("MAG7.ssi"), system.manager, system.record.contracts["Safe"]
        leave, come = manager.revokeRole.encode(GOVERNOR, safe), manager.grantRole.encode(GOVERNOR, safe, 0)
        for data in (leave, come):
            schedule(system, manager, data)
        wait(system)
        manager.multicall([manager.execute.encode(manager.address, data) for data in (leave, come)], sender=safe)
        assert tuple(manager.canCall(safe, index.address, index.interface["setMintFee"].hash[:4])) == (True, 0)


class TestTheWayOut:
    """G2: a staker is out before a change that they dislike."""

    @pytest.fixture
    def staker(self, system: System, staked: Deployed, alice: str) -> str:
        """Alice has staked what the multisig had of MAG7.ssi, at the longest cooldown there is."""
        index, safe = system.index("MAG7.ssi"), system.record.contracts["Safe"]
        shares = index.balanceOf(safe) // 2
        index.transfer(alice, shares, sender=safe)
        index.approve(staked.address, shares, sender=alice)
        staked.deposit(shares, alice, sender=alice)
        assert staked.cooldown() == staked.MAX_COOLDOWN() == 14 * DAY
        return alice

    @pytest.mark.parametrize("hesitates", [0, DAY, NOTICE - 14 * DAY - 60])
    def test_who_requests_when_it_is_scheduled_is_out_before_it_is_executed(
        self, evm, system, project, staked, staker, hesitates
    ):
        """From real signatures to the constituents in the staker's hands, then the change; even if they think it over
        for two days.
        """
        index, manager = system.index("MAG7.ssi"), system.manager
        safe = SigningSafe(evm, system.record.contracts["Safe"])
        data = index.setMintFee.encode(100)
        receipt = safe.execute(manager, manager.schedule.encode(index.address, data, 0), signers=2)
        (scheduled,) = receipt.events(manager, "OperationScheduled")
        ready_at, operation = scheduled.values["schedule"], scheduled.values["operationId"]

        evm.warp(hesitates + 1)
        staked.requestRedeem(staked.balanceOf(staker), staker, staker, sender=staker)
        evm.mine_at(staked.exitOf(staker).maturesAt)
        shares = staked.maxWithdraw(staker)
        staked.withdraw(shares, staker, staker, sender=staker)
        tokens = [system.token(token) for token in index.basket().tokens]
        expected = index.previewRedeem(shares)
        index.redeem(shares, staker, staker, *ANYTHING, sender=staker)

        assert evm.now < ready_at, "G2 out before it is executed"
        assert [token.balanceOf(staker) for token in tokens] == expected, "G2 in kind, in full"
        assert all(expected), "G2"
        assert (staked.balanceOf(staker), index.balanceOf(staker), staked.exitOf(staker).coolingAssets) == (
            0,
            0,
            0,
        ), "G2"
        with reverts(error(project.ProtocolManager, "AccessManagerNotReady"), operationId=operation):
            manager.execute(index.address, data, sender=safe.safe.address)
        assert index.terms().mintFee == 10, "G2"

        wait(system, ready_at - evm.now)
        safe.execute(manager, manager.execute.encode(index.address, data), signers=2)
        assert index.terms().mintFee == 100
        assert [token.balanceOf(staker) for token in tokens] == expected, "G2"

    def test_a_longer_cooldown_does_not_trap_them(self, evm, system, project, staked, staker):
        """G2: there is none longer than the notice, and a raise concerns later requests only."""
        with reverts(
            error(project.StakedToken, "StakedToken_CooldownTooLong"), cooldown=14 * DAY + 1, maximum=14 * DAY
        ):
            govern(system, staked, "setCooldown", [14 * DAY + 1])
        staked.requestRedeem(staked.balanceOf(staker), staker, staker, sender=staker)
        assert staked.exitOf(staker).maturesAt == evm.now + staked.MAX_COOLDOWN() < evm.now + NOTICE, "G2"

    def test_no_setting_of_the_manager_stops_who_leaves(self, evm, system, staked, staker):
        """G2: all targets closed, minting paused for good, no account left in charge: holders, stakers and lockers
        leave as ever.
        """
        index, manager, market, contracts = (
            system.index("MAG7.ssi"),
            system.manager,
            UniswapMarket(system),
            system.record.contracts,
        )
        govern(system, system.locker, "addPool", [market.pools["V3"].address, PoolKind.V3])
        market.fund(staker, 10, 2_000)
        position = market.position(staker, 5)
        market.positions.approve(system.locker.address, position, sender=staker)
        system.locker.lockPosition(position, sender=staker)
        index.pauseMinting(sender=contracts["GuardianSafe"])

        settings = [manager.setTargetClosed.encode(target, True) for target in system.record.addresses.values()]
        settings += [manager.revokeRole.encode(role, contracts["Safe"]) for role in (GOVERNOR, ADMIN)]
        for data in settings:
            schedule(system, manager, data)
        wait(system)
        manager.multicall(
            [manager.execute.encode(manager.address, data) for data in settings], sender=contracts["Safe"]
        )

        staked.requestRedeem(staked.balanceOf(staker), staker, staker, sender=staker)
        system.locker.requestUnlock(position, sender=staker)
        evm.warp(14 * DAY)
        staked.redeem(staked.maxRedeem(staker), staker, staker, sender=staker)
        system.locker.unlock(position, staker, sender=staker)
        shares = index.balanceOf(staker)
        expected = index.previewRedeem(shares)
        tokens = [system.token(token) for token in index.basket().tokens]
        before = [token.balanceOf(staker) for token in tokens]
        index.redeem(shares, staker, staker, *ANYTHING, sender=staker)
        assert [token.balanceOf(staker) - had for token, had in zip(tokens, before, strict=True)] == expected, "G2"
        assert all(expected), "G2"

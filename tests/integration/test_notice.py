"""Whatever can touch assets or rules takes longer than the way out. Ids are those of docs/invariants.md."""

from __future__ import annotations

import pytest
from eth_utils import keccak, to_checksum_address

from scripts._lib.catalog import IMPLEMENTATION, Catalog
from scripts._lib.deployer import ADMIN, GOVERNOR, GUARDIAN, NOTICE
from scripts._lib.evm import Interface
from tests.support.governance import Multisig, govern, schedule, wait
from tests.support.indexes import ANYTHING
from tests.support.reverts import error, reverts

DAY = 86_400
# What the guardian may do at once. Each only stops something, and none stops a redemption.
STOPS = frozenset({"pauseMinting", "cancel"})


@pytest.fixture
def staked(evm, system, project, owner):
    """Staked MAG7.ssi; its rules belong to the governor."""
    if "sMAG7.ssi" in system.record.contracts:
        return evm.at(project.StakedToken, system.record.contracts["sMAG7.ssi"])
    index = system.index("MAG7.ssi")
    staked = evm.deploy(
        project.StakedToken, system.manager, index, "Staked MAG7", "sMAG7.ssi", index.epochGenesis(), index.epochLength(), sender=owner
    )
    selectors = [row.selector for row in system.contract("RoleTable").rows() if row.target == "StakedToken"]
    govern(system, system.manager, "setTargetFunctionRole", [staked.address, selectors, GOVERNOR])
    return staked


@pytest.fixture
def table(system):
    """The rows of the role table: contract, function, role."""
    return [(row.target, row.selector, row.role) for row in system.contract("RoleTable").rows()]


@pytest.fixture
def holders(evm, system):
    """Everybody who ever got a role, from the manager's own history."""
    topic = "0x" + keccak(text="RoleGranted(uint64,address,uint32,uint48,bool)").hex()
    logs = evm.rpc.call("eth_getLogs", {"address": system.manager.address, "fromBlock": "earliest", "topics": [topic]})
    return sorted({str(to_checksum_address("0x" + log["topics"][2][-40:])) for log in logs})


def deployed(system, staked):
    """Every contract with its kind; implementations behind proxies have no state and no authority."""
    catalog = Catalog(system)
    found = [(contract.interface.name, contract) for name, contract in catalog.deployed.items() if not name.endswith(IMPLEMENTATION)]
    return found if any(kind == "StakedToken" for kind, _ in found) else [*found, ("StakedToken", staked)]


class TestWholeTable:
    """G1 over every row, every contract and everybody who ever had a role."""

    def test_every_way_to_a_restricted_function_is_longer_than_the_way_out(self, system, table, holders, staked):
        """Nobody at once, but for the guardian's stops; everybody else after more than the longest cooldown."""
        manager, cooldown, seen = system.manager, staked.MAX_COOLDOWN(), set()
        for kind, contract in deployed(system, staked):
            functions = {entry.hash[:4]: entry.name for entry in contract.interface.kinds("function")}
            for name, selector, role in table:
                if name != kind or kind == "ProtocolManager":
                    continue
                seen.add((name, selector))
                for holder in [*holders, contract.address, manager.address]:
                    at_once, delay = manager.canCall(holder, contract.address, selector)
                    if not at_once:
                        assert delay == 0 or delay > cooldown, f"G1 {holder} may call {name}.{functions[selector]} after {delay} s"
                    else:
                        assert role == GUARDIAN, f"G1 {holder} may call {name}.{functions[selector]} at once"
                        assert functions[selector] in STOPS, f"G1 the guardian may call {name}.{functions[selector]} at once"
        assert {row[:2] for row in table if row[0] != "ProtocolManager"} == seen, "G1 every row is of a deployed contract"

    def test_roles_are_given_and_moved_after_the_notice_only(self, system, holders, staked):
        """G1 for the manager's own functions: they ask for ADMIN. The factory alone has it at once; see below."""
        manager, cooldown = system.manager, staked.MAX_COOLDOWN()
        for holder in holders:
            is_member, delay = manager.hasRole(ADMIN, holder)
            if is_member and holder != system.record.contracts["IndexFactory"]:
                assert delay > cooldown, f"G1 {holder} administers after {delay} s"
        for role in (GOVERNOR, GUARDIAN):
            assert manager.getRoleAdmin(role) == ADMIN, "G1"

    def test_the_factory_does_one_thing_with_its_role(self, system, project):
        """G1: it is not upgradeable, and the one function that changes anything is the governor's."""
        changing = {entry.name for entry in Interface.of(project.IndexFactory).kinds("function") if not entry.reads}
        assert changing - {"setAuthority"} == {"createIndex"}
        safe = system.record.contracts["Safe"]
        can = system.manager.canCall(safe, system.factory.address, system.factory.interface["createIndex"].hash[:4])
        assert tuple(can) == (False, NOTICE), "G1"

    def test_the_rest_is_the_administrators_after_the_notice(self, system, staked):
        """G1: a function that nobody put into the table is not anybody's at once."""
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
        data = system.manager.setTargetFunctionRole.encode(index.address, [index.interface["setMintFee"].hash[:4]], GUARDIAN)
        operation = schedule(system, system.manager, data)
        not_ready = error(project.ProtocolManager, "AccessManagerNotReady")
        wait(system, staked.MAX_COOLDOWN())
        with reverts(not_ready, operationId=operation):
            system.manager.execute(system.manager.address, data, sender=safe)


class TestTheWayOut:
    """G2: a staker is out before a change that he dislikes."""

    @pytest.fixture
    def staker(self, system, staked, alice):
        """Alice has staked what the multisig had of MAG7.ssi, at the longest cooldown there is."""
        index, safe = system.index("MAG7.ssi"), system.record.contracts["Safe"]
        shares = index.balanceOf(safe) // 2
        index.transfer(alice, shares, sender=safe)
        index.approve(staked.address, shares, sender=alice)
        staked.deposit(shares, alice, sender=alice)
        assert staked.cooldown() == staked.MAX_COOLDOWN() == 14 * DAY
        return alice

    @pytest.mark.parametrize("hesitates", [0, DAY, NOTICE - 14 * DAY - 60])
    def test_who_requests_when_it_is_scheduled_is_out_before_it_is_executed(self, evm, system, project, staked, staker, hesitates):
        """From real signatures to the constituents in the staker's hands, then the change; even if he thinks it over for two days."""
        index, manager = system.index("MAG7.ssi"), system.manager
        safe = Multisig(evm, system.record.contracts["Safe"])
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
        assert (staked.balanceOf(staker), index.balanceOf(staker), staked.exitOf(staker).coolingAssets) == (0, 0, 0), "G2"
        with reverts(error(project.ProtocolManager, "AccessManagerNotReady"), operationId=operation):
            manager.execute(index.address, data, sender=safe.safe.address)
        assert index.terms().mintFee == 10, "G2"

        wait(system, ready_at - evm.now)
        safe.execute(manager, manager.execute.encode(index.address, data), signers=2)
        assert index.terms().mintFee == 100
        assert [token.balanceOf(staker) for token in tokens] == expected, "G2"

    def test_a_longer_cooldown_does_not_trap_him(self, evm, system, project, staked, staker):
        """G2: there is none longer than the notice, and a raise concerns later requests only."""
        with reverts(error(project.StakedToken, "StakedToken_CooldownTooLong"), cooldown=14 * DAY + 1, maximum=14 * DAY):
            govern(system, staked, "setCooldown", [14 * DAY + 1])
        staked.requestRedeem(staked.balanceOf(staker), staker, staker, sender=staker)
        assert staked.exitOf(staker).maturesAt == evm.now + staked.MAX_COOLDOWN() < evm.now + NOTICE, "G2"

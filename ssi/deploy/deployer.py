"""Deploys the protocol, step by step.

Every step is recorded once it is mined, so that a broken run goes on where it stopped.
"""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from ssi import places
from ssi.chain import network
from ssi.chain.erc20 import erc20
from ssi.constants import ADMIN, GOVERNOR, GUARDIAN, NOTICE, ZERO
from ssi.deploy import sources
from ssi.deploy.builder import Builder
from ssi.deploy.steps import locker, methodology, points, rebalancing, staking
from ssi.deploy.steps import oracle as prices
from ssi.governance import custody
from ssi.index.seeding import seed_amounts, units_for
from ssi.registry import params
from ssi.registry.record import Record

SAFE_ABI: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "createProxyWithNonce",
        "stateMutability": "nonpayable",
        "inputs": [
            {"name": "singleton", "type": "address"},
            {"name": "initializer", "type": "bytes"},
            {"name": "salt", "type": "uint256"},
        ],
        "outputs": [{"name": "proxy", "type": "address"}],
    },
    {
        "type": "function",
        "name": "setup",
        "stateMutability": "nonpayable",
        "outputs": [],
        "inputs": [
            {"name": "owners", "type": "address[]"},
            {"name": "threshold", "type": "uint256"},
            {"name": "to", "type": "address"},
            {"name": "data", "type": "bytes"},
            {"name": "fallbackHandler", "type": "address"},
            {"name": "paymentToken", "type": "address"},
            {"name": "payment", "type": "uint256"},
            {"name": "paymentReceiver", "type": "address"},
        ],
    },
    {
        "type": "event",
        "name": "ProxyCreation",
        "anonymous": False,
        "inputs": [
            {"name": "proxy", "type": "address", "indexed": True},
            {"name": "singleton", "type": "address", "indexed": False},
        ],
    },
]


class SeedMissing(Exception):  # noqa: N818 - it says what is wrong
    """The deployer does not hold what the first shares of an index consist of."""


class UnsafeSafes(Exception):  # noqa: N818 - it says what is wrong
    """A Safe is not what it should be before it is given power."""


class Deployer(Builder):
    """The whole protocol."""

    def run(self) -> Record:
        """Deploys everything and gives every role away.

        Raises:
            SeedMissing: the account lacks constituents for the first shares.
            UnsafeSafes: a Safe is not set up as recorded, or both have an owner in common.
            RuntimeError: the account still has a role at the end.
        """
        me, external = self.account, self.protocol.contracts
        if self.record.block is None:
            self.record.block = int(self.account.rpc.call("eth_blockNumber"), 16)
            self.record.save()
        safe = self.safe("Safe", self.protocol.safe)
        guardian = self.safe("GuardianSafe", self.protocol.guardian)
        self._check_safes()

        manager = self.contract("ProtocolManager", me)
        table = self.contract("RoleTable")
        rollup = self.assets.sequencer
        oracle = self.contract("PriceOracle", manager, rollup.feed if rollup else ZERO, rollup.grace if rollup else 0)
        code_hash = keccak(bytes(self.project.IndexToken.contract_type.deployment_bytecode.to_bytes()))
        rebalancer = rebalancing.deploy(self, manager, table, oracle)
        epochs = (self.protocol.epoch_genesis, self.protocol.epoch_length)
        factory = self.contract("IndexFactory", manager, table, rebalancer, code_hash, *epochs)
        distributor = self.proxied("FeeDistributor", manager, safe)
        router = self.contract(
            "IndexRouter", manager, factory, distributor, external.uniswap_v3_factory, external.permit2, external.weth
        )
        self.contract("IndexLens", factory, oracle, distributor)

        targets = {
            "PriceOracle": oracle, "IndexFactory": factory, "IndexRouter": router,
            "FeeDistributor": distributor,
        }  # fmt: skip
        self._labels(manager)
        for name, target in targets.items():
            self.roles(manager, table, name, target)
        self.once("the factory may set the roles of new indexes", manager.grantRole, ADMIN, factory, 0)
        self.once("the deployer governs for now", manager.grantRole, GOVERNOR, me, 0)

        methodology.deploy(self, manager, table)
        prices.deploy(self, oracle)
        self._hops(router)
        for index in self.index_params:
            self._index(factory, oracle, index, safe, distributor)
        staking.deploy(self, manager, table, distributor)
        for symbol, address in self.record.indexes.items():
            self.once(f"the router may stake {symbol}", router.prepare, address)
        rebalancing.plan(self, rebalancer)
        locker.deploy(self, manager, table, factory)
        points.deploy(self, manager, table, oracle, router)

        self._hand_over(manager, safe, guardian)
        self._write_sources()
        if self.record.sent:
            self.record.sent = []
            self.record.save()
        return self.record

    def safe(self, key: str, multisig: params.SafeParams) -> str:
        """A Safe 1.4.1 with these owners."""
        from ape import Contract
        from ethpm_types import ContractType

        if key not in self.record.contracts:
            self.say(f"create {key}, {multisig.threshold} of {len(multisig.owners)}")
            kind = ContractType.model_validate({"abi": SAFE_ABI, "contractName": "Safe"})
            external = self.protocol.contracts
            singleton = Contract(external.safe_singleton, contract_type=kind)
            makers = Contract(external.safe_proxy_factory, contract_type=kind)
            setup = singleton.setup.encode_input(
                multisig.owners, multisig.threshold, ZERO, b"", external.safe_fallback_handler, ZERO, 0, ZERO
            )
            salt = int.from_bytes(keccak(text=f"ssi {key} {self.record.block}")[:8], "big")
            receipt = makers.createProxyWithNonce(external.safe_singleton, setup, salt, sender=self.account)
            self.record.contracts[key] = receipt.events.filter(makers.ProxyCreation)[0].proxy
            self.record.safes[key] = custody.intended(multisig, external)
            self.record.save()
        return self.record.contracts[key]

    def _check_safes(self) -> None:
        """Gives nothing to a Safe that differs from the record, nor to two with an owner in common."""
        evm = network.evm()
        actual = {name: custody.found(evm, self.record.contracts[name]) for name in custody.SAFES}
        if alarms := custody.alarms(self.record, actual):
            raise UnsafeSafes("; ".join(alarms))

    def _write_sources(self) -> None:
        """What strangers compile to verify the record. An installed package has no sources."""
        if not places.INSTALLED:
            kinds = {made["contract"] for made in self.record.creations.values()}
            sources.write(
                self.record.inputs, {kind: getattr(self.project, kind).contract_type.source_id for kind in kinds}
            )

    def _labels(self, manager: Any) -> None:
        for role, label in ((GOVERNOR, "GOVERNOR"), (GUARDIAN, "GUARDIAN")):
            self.once(f"label role {label}", manager.labelRole, role, label)
        self.once("GUARDIAN may cancel", manager.setRoleGuardian, GOVERNOR, GUARDIAN)

    def _hops(self, router: Any) -> None:
        for name, asset in self.assets.assets.items():
            if (hop := asset.hop) is not None:
                after = self.assets.assets[hop.next].address
                self.once(f"path of {name}", router.setHop, asset.address, after, hop.fee)

    def _index(self, factory: Any, oracle: Any, index: params.Index, receiver: str, distributor: Any) -> None:
        if index.symbol in self.record.indexes:
            return
        self.say(f"create {index.symbol}")
        born = factory.indexAddress(index.symbol)
        if network.code(born):  # in a run that was killed before it could write that down; prices may have moved since
            self.record.indexes[index.symbol] = born
            self.record.save()
            return
        tokens = [self.assets.assets[name].address for name in index.weights]
        units = [
            units_for(index.share_price, weight, oracle.price(token), self._erc20(token).decimals())
            for token, weight in zip(tokens, index.weights.values(), strict=True)
        ]
        seed = int(index.seed_shares * 10**18)
        amounts = seed_amounts(units, seed, index.mint_fee_bps)
        for name, token, amount in zip(index.weights, tokens, amounts, strict=True):
            if self.provide is not None:
                self.provide(name, self.account.address, amount)
            if self._erc20(token).balanceOf(self.account) < amount:
                raise SeedMissing(
                    f"{self.account.address} needs {amount} wei of {name} ({token}) to seed {index.symbol}"
                )
            if self._erc20(token).allowance(self.account, factory) < amount:
                self._erc20(token).approve(factory, amount, sender=self.account)

        code = bytes(self.project.IndexToken.contract_type.deployment_bytecode.to_bytes())
        fee = int(index.daily_fee_bps * 10**14)
        new = (index.name, index.symbol, tokens, units, distributor, fee, index.mint_fee_bps, index.supply_cap)
        # Before it is sent: a run that is killed then knows only that the index is there.
        self.record.created(index.symbol, "IndexToken", self._birth(factory, distributor, index, tokens, units, fee))
        self.record.save()
        factory.createIndex(code, new, seed, receiver, amounts, sender=self.account)
        self.record.indexes[index.symbol] = factory.indexAddress(index.symbol)
        self.record.save()

    def _birth(
        self, factory: Any, distributor: Any, index: params.Index, tokens: list[str], units: list[int], fee: int
    ) -> bytes:
        """What the factory hands to the constructor of an index, as `IIndexToken.Params`, ABI-encoded."""
        given = {
            "name": index.name,
            "symbol": index.symbol,
            "authority": factory.authority(),
            "feeReceiver": distributor.address,
            "rebalancer": factory.rebalancer(),
            "epochGenesis": self.protocol.epoch_genesis,
            "epochLength": self.protocol.epoch_length,
            "supplyCap": index.supply_cap,
            "dailyFee": fee,
            "mintFee": index.mint_fee_bps,
            "tokens": tokens,
            "units": units,
        }
        return bytes(self.project.IndexToken.constructor.encode_input(given))

    def _erc20(self, token: str) -> Any:
        return erc20().at(token)

    def _hand_over(self, manager: Any, safe: str, guardian: str) -> None:
        me = self.account
        self.once("the Safe governs", manager.grantRole, GOVERNOR, safe, NOTICE)
        self.once("the guardian guards", manager.grantRole, GUARDIAN, guardian, 0)
        self.once("the Safe administers", manager.grantRole, ADMIN, safe, NOTICE)
        self.once("the deployer no longer governs", manager.renounceRole, GOVERNOR, me)
        self.once("the deployer no longer administers", manager.renounceRole, ADMIN, me)
        for role in (ADMIN, GOVERNOR, GUARDIAN):
            if manager.hasRole(role, me)[0]:
                raise RuntimeError(f"the deployer still has role {role}")

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {ILpLocker} from "../../interfaces/ILpLocker.sol";
import {IPointsLedger} from "../../interfaces/IPointsLedger.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {IProtocolManager} from "../../interfaces/IProtocolManager.sol";
import {IReferencePrices} from "../../interfaces/IReferencePrices.sol";
import {IReferralRegistry} from "../../interfaces/IReferralRegistry.sol";
import {IRebalancer} from "../../interfaces/IRebalancer.sol";
import {IStakedToken} from "../../interfaces/IStakedToken.sol";
import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";
import {Roles} from "./Roles.sol";

/// @title The one table of who may do what
/// @notice Deployments set up the AccessManager from here, and tests compare every restricted function with it. Nothing
/// here can change.
/// @custom:security-contact security@ssi.example
contract RoleTable {
    /// @notice One restricted function.
    /// @param target name of the contract
    /// @param selector of the function
    /// @param role that may call it
    struct Row {
        string target;
        bytes4 selector;
        uint64 role;
    }

    /// @notice Every restricted function of the protocol.
    /// @return one row for each
    function rows() external pure returns (Row[] memory) {
        Row[] memory table = _join(indexRows(), _coreRows());
        table = _join(table, _stakingRows());
        table = _join(table, _methodologyRows());
        table = _join(table, _rebalancingRows());
        table = _join(table, _lockerRows());
        table = _join(table, _pointsRows());
        return _join(table, _managerRows());
    }

    /// @notice The rows of an index, which the factory applies to every index that it creates.
    /// @return table one row for each restricted function
    function indexRows() public pure returns (Row[] memory table) {
        string memory index = "IndexToken";
        table = new Row[](9);
        table[0] = Row(index, IIndexToken.sync.selector, Roles.GOVERNOR);
        table[1] = Row(index, IIndexToken.setStreamingFee.selector, Roles.GOVERNOR);
        table[2] = Row(index, IIndexToken.setMintFee.selector, Roles.GOVERNOR);
        table[3] = Row(index, IIndexToken.setFeeReceiver.selector, Roles.GOVERNOR);
        table[4] = Row(index, IIndexToken.setRebalancer.selector, Roles.GOVERNOR);
        table[5] = Row(index, IIndexToken.setSupplyCap.selector, Roles.GOVERNOR);
        table[6] = Row(index, IIndexToken.unpauseMinting.selector, Roles.GOVERNOR);
        table[7] = Row(index, IIndexToken.deprecate.selector, Roles.GOVERNOR);
        table[8] = Row(index, IIndexToken.pauseMinting.selector, Roles.GUARDIAN);
    }

    function _coreRows() private pure returns (Row[] memory table) {
        table = new Row[](7);
        table[0] = Row("IndexFactory", IIndexFactory.createIndex.selector, Roles.GOVERNOR);
        table[1] = Row("IndexRouter", IIndexRouter.setHop.selector, Roles.GOVERNOR);
        table[2] = Row("IndexRouter", IIndexRouter.setBuyHook.selector, Roles.GOVERNOR);
        table[3] = Row("PriceOracle", IPriceOracle.setRoute.selector, Roles.GOVERNOR);
        table[4] = Row("PriceOracle", IPriceOracle.removeRoute.selector, Roles.GOVERNOR);
        table[5] = Row("PriceOracle", IPriceOracle.setSecondRoute.selector, Roles.GOVERNOR);
        table[6] = Row("PriceOracle", IPriceOracle.removeSecondRoute.selector, Roles.GOVERNOR);
    }

    function _stakingRows() private pure returns (Row[] memory table) {
        table = new Row[](4);
        table[0] = Row("StakedToken", IStakedToken.setCooldown.selector, Roles.GOVERNOR);
        table[1] = Row("FeeDistributor", IFeeDistributor.setSplit.selector, Roles.GOVERNOR);
        table[2] = Row("FeeDistributor", IFeeDistributor.setTreasury.selector, Roles.GOVERNOR);
        table[3] = Row("FeeDistributor", UUPSUpgradeable.upgradeToAndCall.selector, Roles.GOVERNOR);
    }

    function _methodologyRows() private pure returns (Row[] memory table) {
        table = new Row[](2);
        table[0] = Row("SupplyRegistry", ISupplyRegistry.list.selector, Roles.GOVERNOR);
        table[1] = Row("SupplyRegistry", ISupplyRegistry.post.selector, Roles.GOVERNOR);
    }

    function _lockerRows() private pure returns (Row[] memory table) {
        table = new Row[](3);
        table[0] = Row("LpLocker", ILpLocker.addPool.selector, Roles.GOVERNOR);
        table[1] = Row("LpLocker", ILpLocker.removePool.selector, Roles.GOVERNOR);
        table[2] = Row("ReferralRegistry", IReferralRegistry.setLedger.selector, Roles.GOVERNOR);
    }

    function _rebalancingRows() private pure returns (Row[] memory table) {
        string memory rebalancer = "Rebalancer";
        table = new Row[](5);
        table[0] = Row(rebalancer, IRebalancer.setMethodology.selector, Roles.GOVERNOR);
        table[1] = Row(rebalancer, IRebalancer.setTerms.selector, Roles.GOVERNOR);
        table[2] = Row(rebalancer, IRebalancer.startRebalance.selector, Roles.GOVERNOR);
        table[3] = Row(rebalancer, UUPSUpgradeable.upgradeToAndCall.selector, Roles.GOVERNOR);
        table[4] = Row(rebalancer, IRebalancer.cancel.selector, Roles.GUARDIAN);
    }

    function _pointsRows() private pure returns (Row[] memory table) {
        table = new Row[](3);
        table[0] = Row("ReferencePrices", IReferencePrices.setSources.selector, Roles.GOVERNOR);
        table[1] = Row("PointsLedger", IPointsLedger.setRouter.selector, Roles.GOVERNOR);
        table[2] = Row("PointsLedger", UUPSUpgradeable.upgradeToAndCall.selector, Roles.GOVERNOR);
    }

    /// @dev The manager demands ADMIN by itself. These rows record that; nothing is set up from them.
    function _managerRows() private pure returns (Row[] memory table) {
        string memory manager = "ProtocolManager";
        table = new Row[](11);
        table[0] = Row(manager, AccessManager.labelRole.selector, Roles.ADMIN);
        table[1] = Row(manager, AccessManager.grantRole.selector, Roles.ADMIN);
        table[2] = Row(manager, AccessManager.revokeRole.selector, Roles.ADMIN);
        table[3] = Row(manager, AccessManager.setRoleAdmin.selector, Roles.ADMIN);
        table[4] = Row(manager, AccessManager.setRoleGuardian.selector, Roles.ADMIN);
        table[5] = Row(manager, AccessManager.setGrantDelay.selector, Roles.ADMIN);
        table[6] = Row(manager, AccessManager.setTargetFunctionRole.selector, Roles.ADMIN);
        table[7] = Row(manager, AccessManager.setTargetAdminDelay.selector, Roles.ADMIN);
        table[8] = Row(manager, AccessManager.setTargetClosed.selector, Roles.ADMIN);
        table[9] = Row(manager, AccessManager.updateAuthority.selector, Roles.ADMIN);
        table[10] = Row(manager, IProtocolManager.replaceGuardian.selector, Roles.ADMIN);
    }

    function _join(Row[] memory a, Row[] memory b) private pure returns (Row[] memory both) {
        both = new Row[](a.length + b.length);
        for (uint256 i = 0; i < both.length; ++i) {
            both[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {Roles} from "./Roles.sol";

/// @title The one table of who may do what
/// @notice Deployments set up the AccessManager from here, and tests compare every restricted function with it. Nothing here can change.
contract RoleTable {
    struct Row {
        string target;
        bytes4 selector;
        uint64 role;
    }

    /// @notice Every restricted function of the protocol. `target` is the contract's name.
    function rows() external pure returns (Row[] memory table) {
        Row[] memory index = indexRows();
        table = new Row[](index.length + 14);
        uint256 n = 0;
        for (; n < index.length; ++n) {
            table[n] = index[n];
        }

        table[n++] = Row("IndexFactory", IIndexFactory.createIndex.selector, Roles.GOVERNOR);
        table[n++] = Row("IndexRouter", IIndexRouter.setHop.selector, Roles.GOVERNOR);
        table[n++] = Row("PriceOracle", IPriceOracle.setRoute.selector, Roles.GOVERNOR);
        table[n++] = Row("PriceOracle", IPriceOracle.removeRoute.selector, Roles.GOVERNOR);

        // The manager itself always asks for ADMIN here. These rows only let the guardian of GOVERNOR cancel what is scheduled.
        table[n++] = Row("ProtocolManager", AccessManager.labelRole.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.grantRole.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.revokeRole.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setRoleAdmin.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setRoleGuardian.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setGrantDelay.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setTargetFunctionRole.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setTargetAdminDelay.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.setTargetClosed.selector, Roles.GOVERNOR);
        table[n++] = Row("ProtocolManager", AccessManager.updateAuthority.selector, Roles.GOVERNOR);
    }

    /// @notice The rows of an index, which the factory applies to every index that it creates.
    function indexRows() public pure returns (Row[] memory table) {
        string memory index = "IndexToken";
        table = new Row[](9);
        table[0] = Row(index, IIndexToken.swap.selector, Roles.REBALANCER);
        table[1] = Row(index, IIndexToken.sync.selector, Roles.GOVERNOR);
        table[2] = Row(index, IIndexToken.setStreamingFee.selector, Roles.GOVERNOR);
        table[3] = Row(index, IIndexToken.setMintFee.selector, Roles.GOVERNOR);
        table[4] = Row(index, IIndexToken.setFeeReceiver.selector, Roles.GOVERNOR);
        table[5] = Row(index, IIndexToken.setSupplyCap.selector, Roles.GOVERNOR);
        table[6] = Row(index, IIndexToken.unpauseMinting.selector, Roles.GOVERNOR);
        table[7] = Row(index, IIndexToken.deprecate.selector, Roles.GOVERNOR);
        table[8] = Row(index, IIndexToken.pauseMinting.selector, Roles.GUARDIAN);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {CREATE3} from "solady/src/utils/CREATE3.sol";

import {IIndexFactory} from "../../interfaces/IIndexFactory.sol";
import {IIndexToken} from "../../interfaces/IIndexToken.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";
import {RoleTable} from "../governance/RoleTable.sol";
import {Roles} from "../governance/Roles.sol";

/// @title Birth of an index
/// @notice See {IIndexFactory}.
/// @dev Holds ADMIN without delay in the AccessManager, and uses it for one thing: the roles of an index that it has
/// just created.
/// @custom:security-contact security@ssi.example
contract IndexFactory is IIndexFactory, FixedAuthority {
    using SafeERC20 for IERC20;

    /// @inheritdoc IIndexFactory
    bytes32 public immutable indexCodeHash;

    /// @inheritdoc IIndexFactory
    address public immutable rebalancer;

    /// @notice The table that the roles of an index come from.
    RoleTable public immutable roleTable;

    /// @notice Start of epoch 0 for every index, Unix seconds.
    uint256 public immutable epochGenesis;

    /// @notice Length of every epoch, seconds.
    uint256 public immutable epochLength;

    address[] private _indexes;

    /// @inheritdoc IIndexFactory
    mapping(address index => bool) public isIndex;

    constructor(
        address authority_,
        RoleTable roleTable_,
        address rebalancer_,
        bytes32 indexCodeHash_,
        uint256 epochGenesis_,
        uint256 epochLength_
    ) FixedAuthority(authority_) {
        bool whole = authority_ != address(0) && address(roleTable_) != address(0) && rebalancer_ != address(0);
        if (!whole) revert IndexFactory_ZeroAddress();

        roleTable = roleTable_;
        rebalancer = rebalancer_;
        indexCodeHash = indexCodeHash_;
        epochGenesis = epochGenesis_;
        epochLength = epochLength_;
    }

    /// @inheritdoc IIndexFactory
    function createIndex(
        bytes calldata indexCode,
        NewIndex calldata newIndex,
        uint256 seedShares,
        address seedReceiver,
        uint256[] calldata maxAmounts
    ) external restricted returns (address index) {
        if (keccak256(indexCode) != indexCodeHash) {
            revert IndexFactory_WrongCode(keccak256(indexCode), indexCodeHash);
        }
        index = indexAddress(newIndex.symbol);
        if (isIndex[index]) revert IndexFactory_SymbolTaken(newIndex.symbol, index);

        isIndex[index] = true;
        _indexes.push(index);
        CREATE3.deployDeterministic(bytes.concat(indexCode, _arguments(newIndex)), _salt(newIndex.symbol));
        _setRoles(index);
        _seed(IIndexToken(index), newIndex.tokens, seedShares, seedReceiver, maxAmounts);

        emit IndexCreated(index, newIndex.symbol, seedShares, seedReceiver);
    }

    /// @inheritdoc IIndexFactory
    function indexAddress(string calldata symbol) public view returns (address) {
        return CREATE3.predictDeterministicAddress(_salt(symbol));
    }

    /// @inheritdoc IIndexFactory
    function indexCount() external view returns (uint256) {
        return _indexes.length;
    }

    /// @inheritdoc IIndexFactory
    function indexes() external view returns (address[] memory) {
        return _indexes;
    }

    function _salt(string calldata symbol) private pure returns (bytes32) {
        return keccak256(bytes(symbol));
    }

    function _arguments(NewIndex calldata n) private view returns (bytes memory) {
        IIndexToken.Params memory p = IIndexToken.Params({
            name: n.name,
            symbol: n.symbol,
            authority: authority(),
            tokens: n.tokens,
            units: n.units,
            feeReceiver: n.feeReceiver,
            rebalancer: rebalancer,
            dailyFee: n.dailyFee,
            mintFee: n.mintFee,
            supplyCap: n.supplyCap,
            epochGenesis: epochGenesis,
            epochLength: epochLength
        });
        return abi.encode(p);
    }

    /// @dev Sets the roles first, then the notice for every later change of them. The manager lets that notice take
    /// effect after five days. Nothing here uses those five days.
    function _setRoles(address index) private {
        IAccessManager manager = IAccessManager(authority());
        RoleTable.Row[] memory rows = roleTable.indexRows();
        bytes4[] memory selector = new bytes4[](1);
        for (uint256 i = 0; i < rows.length; ++i) {
            selector[0] = rows[i].selector;
            manager.setTargetFunctionRole(index, selector, rows[i].role);
        }
        manager.setTargetAdminDelay(index, Roles.NOTICE);
    }

    function _seed(
        IIndexToken index,
        address[] calldata tokens,
        uint256 shares,
        address receiver,
        uint256[] calldata maxAmounts
    ) private {
        uint256[] memory amounts = index.previewMint(shares);
        for (uint256 i = 0; i < tokens.length; ++i) {
            IERC20(tokens[i]).safeTransferFrom(msg.sender, address(this), amounts[i]);
            IERC20(tokens[i]).forceApprove(address(index), amounts[i]);
        }
        index.mint(shares, receiver, index.basketHash(), maxAmounts, block.timestamp);
    }
}

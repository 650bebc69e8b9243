// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IProtocolManager} from "../../interfaces/IProtocolManager.sol";
import {Roles} from "./Roles.sol";

/// @title The one authority of the protocol
/// @dev AccessManager lets the guardian of a function's role cancel it. Functions that nobody put into the table belong to ADMIN, which has no
/// guardian, so here GUARDIAN cancels everything instead. `RoleTable` says what the manager is set up with.
contract ProtocolManager is IProtocolManager, AccessManager {
    /// @inheritdoc IProtocolManager
    uint256 public constant CONTEST = 30 days;

    /// @inheritdoc IProtocolManager
    uint256 public constant TRUCE = 90 days;

    /// @dev Time of the first veto of the guardian's replacement, 0 where there was none.
    uint256 private _contestedAt;

    constructor(address initialAdmin) AccessManager(initialAdmin) {}

    /// @inheritdoc IProtocolManager
    function replaceGuardian(address from, address to) external onlyAuthorized {
        if (!_isMember(Roles.GUARDIAN, from)) revert ProtocolManager_NotGuardian(from);
        bool taken = _isMember(Roles.GUARDIAN, to) || _isMember(Roles.GOVERNOR, to) || _isMember(Roles.ADMIN, to);
        if (to == address(0) || taken) revert ProtocolManager_InvalidGuardian(to);

        _revokeRole(Roles.GUARDIAN, from);
        _grantRole(Roles.GUARDIAN, to, 0, 0);
        _contestedAt = 0;

        emit GuardianReplaced(from, to);
    }

    /// @dev Reverts with `ProtocolManager_VetoRanOut` where the guardian would veto their replacement once more than they may.
    function cancel(address caller, address target, bytes calldata data) public override returns (uint32) {
        bool replacement = target == address(this) && bytes4(data) == this.replaceGuardian.selector;
        if (replacement && _guards(msg.sender)) _contest();
        return super.cancel(caller, target, data);
    }

    /// @inheritdoc IProtocolManager
    function contest() public view returns (uint256 runsOutAt, uint256 returnsAt) {
        runsOutAt = _contestedAt + CONTEST;
        returnsAt = runsOutAt + TRUCE;
        if (_contestedAt == 0 || block.timestamp >= returnsAt) return (0, 0);
    }

    /// @dev The guardian vetoes their own replacement: the first time this opens a contest, and when that is over it fails.
    function _contest() private {
        (uint256 runsOutAt, uint256 returnsAt) = contest();
        if (returnsAt == 0) {
            _contestedAt = block.timestamp;
            emit ContestOpened(msg.sender, block.timestamp + CONTEST, block.timestamp + CONTEST + TRUCE);
        } else if (block.timestamp >= runsOutAt) {
            revert ProtocolManager_VetoRanOut(returnsAt);
        }
    }

    /// @dev Whoever else AccessManager lets cancel may do so too: who scheduled it, and ADMIN.
    function _canCancel(address caller, address target, bytes calldata data) internal view override returns (bool) {
        return _guards(msg.sender) || super._canCancel(caller, target, data);
    }

    function _guards(address account) private view returns (bool inOffice) {
        (inOffice,) = hasRole(Roles.GUARDIAN, account);
    }

    /// @dev True also where the grant delay of the role has not passed yet: granting it again would not shorten that.
    function _isMember(uint64 role, address account) private view returns (bool) {
        (uint48 since,,,) = getAccess(role, account);
        return since != 0;
    }
}

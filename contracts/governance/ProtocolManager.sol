// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IProtocolManager} from "../../interfaces/IProtocolManager.sol";
import {Roles} from "./Roles.sol";

/// @title The one authority of the protocol
/// @notice OpenZeppelin's AccessManager, with a guardian who can cancel everything that is scheduled.
/// @dev Why not AccessManager alone: it lets the guardian of a function's role cancel it, but a function that is not in
/// the table belongs to ADMIN, which has no guardian. So here GUARDIAN cancels everything. The manager is set up from
/// {RoleTable}.
/// @custom:security-contact security@ssi.example
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

    /// @notice Cancels a scheduled operation. For the account that scheduled it, for the guardian and for ADMIN.
    /// @dev Reverts with `ProtocolManager_VetoRanOut` where the guardian would veto their replacement once more than
    /// they may, and as AccessManager's.
    /// @param caller the account that scheduled it
    /// @param target the contract that it calls
    /// @param data calldata of that call
    /// @return nonce of the operation
    function cancel(address caller, address target, bytes calldata data) public override returns (uint32) {
        bool replacement = target == address(this) && bytes4(data) == this.replaceGuardian.selector;
        // An expired operation cannot happen any more: to tidy it up is no veto.
        bool live = replacement && getSchedule(hashOperation(caller, target, data)) != 0;
        if (live && _isGuardian(msg.sender)) _recordVeto();
        return super.cancel(caller, target, data);
    }

    /// @inheritdoc IProtocolManager
    function contest() public view returns (uint256 runsOutAt, uint256 returnsAt) {
        runsOutAt = _contestedAt + CONTEST;
        returnsAt = runsOutAt + TRUCE;
        if (_contestedAt == 0 || block.timestamp >= returnsAt) return (0, 0);
    }

    /// @dev The guardian vetoes their own replacement: the first veto opens a contest, and after the contest a veto
    /// fails.
    function _recordVeto() private {
        (uint256 runsOutAt, uint256 returnsAt) = contest();
        if (returnsAt == 0) {
            _contestedAt = block.timestamp;
            emit ContestOpened(msg.sender, block.timestamp + CONTEST, block.timestamp + CONTEST + TRUCE);
        } else if (block.timestamp >= runsOutAt) {
            revert ProtocolManager_VetoRanOut(returnsAt);
        }
    }

    /// @dev AccessManager lets two others cancel as well: the account that scheduled the operation, and ADMIN.
    function _canCancel(address caller, address target, bytes calldata data) internal view override returns (bool) {
        return _isGuardian(msg.sender) || super._canCancel(caller, target, data);
    }

    function _isGuardian(address account) private view returns (bool inOffice) {
        (inOffice,) = hasRole(Roles.GUARDIAN, account);
    }

    /// @dev True also while the grant delay of the role runs: a second grant would not shorten it.
    function _isMember(uint64 role, address account) private view returns (bool) {
        (uint48 since,,,) = getAccess(role, account);
        return since != 0;
    }
}

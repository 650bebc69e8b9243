// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one authority of the protocol: OpenZeppelin's AccessManager with a complete veto
/// @notice The guardian cancels whatever is scheduled, by whomever, of whatever contract. One veto runs out: that on the guardian's own replacement,
/// so that a stolen guardian key cannot stop governance for good.
/// @dev The first veto of a replacement opens a contest. For `CONTEST` the guardian may veto every further attempt. For `TRUCE` after that they may veto
/// none, so an attempt that was scheduled then goes through. Then the veto is as new. A replacement that happens ends the contest.
interface IProtocolManager {
    event GuardianReplaced(address indexed from, address indexed to);

    /// @param runsOutAt from then on, Unix seconds, the guardian cannot veto a replacement
    /// @param returnsAt from then on they can again
    event ContestOpened(address indexed guardian, uint256 runsOutAt, uint256 returnsAt);

    /// @dev The account does not have the role.
    error ProtocolManager_NotGuardian(address account);

    /// @dev Nobody can guard who is nobody, guards already, governs or administers.
    error ProtocolManager_InvalidGuardian(address account);

    /// @param returnsAt from then on, Unix seconds, the guardian can veto a replacement again
    error ProtocolManager_VetoRanOut(uint256 returnsAt);

    /// @notice Puts one guardian in another's place, at once when it is executed. Restricted to ADMIN, after their delay.
    /// @dev The only operation that the guardian can veto for a limited time. Reverts: AccessManagerUnauthorizedAccount, NotGuardian, InvalidGuardian.
    /// @param from the guardian who leaves
    /// @param to who follows; neither a guardian yet, nor with another role
    function replaceGuardian(address from, address to) external;

    /// @notice Seconds from the first veto of a replacement in which the guardian may veto more of them.
    function CONTEST() external view returns (uint256);

    /// @notice Seconds after a contest in which the guardian cannot veto a replacement.
    function TRUCE() external view returns (uint256);

    /// @notice When the guardian's veto on their own replacement runs out and when it returns, Unix seconds. Zeros where it is as new.
    function contest() external view returns (uint256 runsOutAt, uint256 returnsAt);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The one authority of the protocol: OpenZeppelin's AccessManager with a complete veto
/// @notice The guardian can cancel every scheduled operation of every contract. One veto runs out: the one on the
/// guardian's own replacement, so that a stolen guardian key cannot stop governance for good.
/// @dev The first veto of a replacement opens a contest. For `CONTEST` the guardian may veto every further attempt. For
/// `TRUCE` after that they may veto none, so an attempt that was scheduled then goes through. Then the veto is as new.
/// A replacement that happens ends the contest.
interface IProtocolManager {
    /// @notice One guardian took another's place.
    /// @param from the guardian until now
    /// @param to the guardian from now on
    event GuardianReplaced(address indexed from, address indexed to);

    /// @notice The guardian vetoed their own replacement for the first time.
    /// @param guardian the guardian
    /// @param runsOutAt from then on, Unix seconds, the guardian cannot veto a replacement
    /// @param returnsAt from then on, Unix seconds, they can again
    event ContestOpened(address indexed guardian, uint256 runsOutAt, uint256 returnsAt);

    /// @notice The account to be replaced is not a guardian.
    /// @param account the account
    error ProtocolManager_NotGuardian(address account);

    /// @notice A guardian is not the zero address and holds no other role, not even this one already.
    /// @param account the account that was to become guardian
    error ProtocolManager_InvalidGuardian(address account);

    /// @notice The guardian's veto on their own replacement has run out.
    /// @param returnsAt from then on, Unix seconds, the guardian can veto a replacement again
    error ProtocolManager_VetoRanOut(uint256 returnsAt);

    /// @notice Puts one guardian in another's place, at once when it is executed. Restricted to ADMIN, after their
    /// delay.
    /// @dev The only operation that the guardian can veto for a limited time only.
    /// Reverts: AccessManagerUnauthorizedAccount, NotGuardian, InvalidGuardian.
    /// @param from the guardian who leaves
    /// @param to the guardian who follows; an account without any role until now
    function replaceGuardian(address from, address to) external;

    /// @notice How long the guardian may veto further attempts after the first veto of a replacement.
    /// @return seconds
    function CONTEST() external view returns (uint256);

    /// @notice How long the guardian cannot veto a replacement after a contest.
    /// @return seconds
    function TRUCE() external view returns (uint256);

    /// @notice The state of the guardian's veto on their own replacement. Zeros where it is as new.
    /// @return runsOutAt Unix seconds, when the veto runs out
    /// @return returnsAt Unix seconds, when it returns
    function contest() external view returns (uint256 runsOutAt, uint256 returnsAt);
}

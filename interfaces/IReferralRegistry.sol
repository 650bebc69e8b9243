// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What points need to know of referrals
interface IReferrals {
    /// @notice Who referred `account`, and when it was bound, Unix seconds; zeros where nobody did. Never changes once set.
    function referrerOf(address account) external view returns (address referrer, uint256 boundAt);

    /// @notice Binds `account` to the owner of `code` on behalf of its own first purchase. Only for the points ledger.
    function bindFor(address account, bytes32 code) external;
}

/// @title Who referred whom
/// @notice An account registers one code, for ever. Another account names that code once and is bound to the address that owns it, for ever.
/// An account without a code can be bound to anybody who has one; an account with a code only to somebody whose code is older. Nobody else
/// can decide, hasten or prevent any of it.
/// @dev A code is ASCII, left-aligned in its word: 3 to 16 of A-Z and 0-9, then zeros. First come, first served: what somebody has published before he has registered
/// it may be taken by another. Why there are no cycles: `docs/referral.md`.
interface IReferralRegistry is IReferrals {
    /// @param rank 1 for the first code, 2 for the second
    event CodeRegistered(address indexed owner, bytes32 indexed code, uint256 rank);
    event Bound(address indexed referee, address indexed referrer, bytes32 indexed code);
    event SignaturesRevoked(address indexed referee, uint256 nonce);
    event LedgerSet(address ledger);

    error ReferralRegistry_ZeroAddress();
    error ReferralRegistry_InvalidCode(bytes32 code);
    error ReferralRegistry_CodeTaken(bytes32 code, address owner);

    /// @notice One code an account.
    error ReferralRegistry_AlreadyRegistered(address account, bytes32 code);
    error ReferralRegistry_UnknownCode(bytes32 code);
    error ReferralRegistry_SelfReferral(address account);

    /// @notice Once an account.
    error ReferralRegistry_AlreadyBound(address referee, address referrer);

    /// @notice The referee's own code is older than the referrer's.
    error ReferralRegistry_YoungerReferrer(address referee, address referrer);
    error ReferralRegistry_SignatureExpired(uint256 deadline);
    error ReferralRegistry_InvalidSignature(address referee);
    error ReferralRegistry_NotLedger(address caller);
    error ReferralRegistry_LedgerAlreadySet(address ledger);

    /// @notice Makes `code` the caller's. Registering does not prevent from being bound later.
    /// @dev Reverts: InvalidCode, CodeTaken, AlreadyRegistered.
    function register(bytes32 code) external;

    /// @notice Binds the caller to the owner of `code`.
    /// @dev Reverts: UnknownCode, SelfReferral, AlreadyBound, YoungerReferrer.
    function bind(bytes32 code) external;

    /// @notice Binds `referee` by its EIP-712 signature, which anybody may bring; contracts sign by ERC-1271.
    /// @dev `Bind(address referee,bytes32 code,uint256 nonce,uint256 deadline)` with the nonce of `nonces(referee)`. Reverts: SignatureExpired, InvalidSignature, and as {bind}.
    /// @param deadline Unix seconds, the last one that is good
    function bindWithSignature(address referee, bytes32 code, uint256 deadline, bytes calldata signature) external;

    /// @notice Makes every signature that the caller has given so far worthless.
    function revokeSignatures() external;

    /// @notice Says who the points ledger is. Once. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress, LedgerAlreadySet.
    function setLedger(address ledger_) external;

    /// @notice Zero until it is set.
    function ledger() external view returns (address);

    /// @notice The code of `account`, zero where it has none.
    function codeOf(address account) external view returns (bytes32);

    /// @notice Who registered `code`, zero where nobody has.
    function ownerOf(bytes32 code) external view returns (address);

    /// @notice The how-manieth code it is that `account` has registered, 0 where it has none.
    function rankOf(address account) external view returns (uint256);
}

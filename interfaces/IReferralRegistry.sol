// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What points need to know of referrals
/// @notice The points ledger reads who referred an account, and binds buyers to the code that they named.
interface IReferrals {
    /// @notice The account that referred `account`. Never changes once set.
    /// @param account the referee
    /// @return referrer zero where the account is not bound
    /// @return boundAt Unix seconds, 0 where the account is not bound
    function referrerOf(address account) external view returns (address referrer, uint256 boundAt);

    /// @notice The referrers of many accounts, as far as they were bound in time.
    /// @param accounts the referees, in any order
    /// @param before Unix seconds; an account that was bound then or later counts as not bound
    /// @return referrers of each account, zero where it was not bound; in the order of `accounts`
    function referrersOf(address[] calldata accounts, uint256 before)
        external
        view
        returns (address[] memory referrers);

    /// @notice Binds `account` to the owner of `code`, because its own purchase named that code. Only for the points
    /// ledger.
    /// @param account the referee
    /// @param code the referrer's code
    function bindFor(address account, bytes32 code) external;
}

/// @title Codes, and the accounts that are bound to them
/// @notice An account registers one code, for ever. Another account names that code once and is bound to its owner, for
/// ever. An account without a code can be bound to any owner of a code. An account with a code can be bound only to the
/// owner of an older code. No third account can decide, hasten or prevent any of it.
/// @dev A code is ASCII, left-aligned in its word: 3 to 16 of A-Z and 0-9, then zeros. First come, first served: a code
/// that is published before it is registered may be taken by another account. Why there are no cycles:
/// `docs/referral.md`.
interface IReferralRegistry is IReferrals {
    /// @notice A code has an owner.
    /// @param owner the account that registered it
    /// @param code the code
    /// @param rank 1 for the first code, 2 for the second
    event CodeRegistered(address indexed owner, bytes32 indexed code, uint256 rank);

    /// @notice An account is bound to its referrer.
    /// @param referee the account
    /// @param referrer the owner of the code
    /// @param code the code that the referee named
    event Bound(address indexed referee, address indexed referrer, bytes32 indexed code);

    /// @notice All signatures of an account until now are void.
    /// @param referee the account
    /// @param nonce the nonce that was used up
    event SignaturesRevoked(address indexed referee, uint256 nonce);

    /// @notice The points ledger was named.
    /// @param ledger the one contract that may call {IReferrals.bindFor}
    event LedgerSet(address ledger);

    /// @notice An address that is needed is zero.
    error ReferralRegistry_ZeroAddress();

    /// @notice A code has 3 to 16 of A-Z and 0-9, then zeros.
    /// @param code what was given
    error ReferralRegistry_InvalidCode(bytes32 code);

    /// @notice The code has an owner.
    /// @param code the code
    /// @param owner its owner
    error ReferralRegistry_CodeTaken(bytes32 code, address owner);

    /// @notice An account registers one code.
    /// @param account the account
    /// @param code the code that it has
    error ReferralRegistry_AlreadyRegistered(address account, bytes32 code);

    /// @notice The code has no owner.
    /// @param code the code
    error ReferralRegistry_UnknownCode(bytes32 code);

    /// @notice The code is the account's own.
    /// @param account the account
    error ReferralRegistry_SelfReferral(address account);

    /// @notice An account is bound once.
    /// @param referee the account
    /// @param referrer the referrer that it has
    error ReferralRegistry_AlreadyBound(address referee, address referrer);

    /// @notice The referee's own code is older than the referrer's.
    /// @param referee the account to be bound
    /// @param referrer the owner of the code that it named
    error ReferralRegistry_YoungerReferrer(address referee, address referrer);

    /// @notice The signature came too late.
    /// @param deadline Unix seconds, the last one that was good
    error ReferralRegistry_SignatureExpired(uint256 deadline);

    /// @notice The signature is not the referee's, or not of this code, nonce and deadline.
    /// @param referee the account that should have signed
    error ReferralRegistry_InvalidSignature(address referee);

    /// @notice Only the points ledger binds others.
    /// @param caller the account that tried
    error ReferralRegistry_NotLedger(address caller);

    /// @notice The points ledger is named once.
    /// @param ledger the ledger
    error ReferralRegistry_LedgerAlreadySet(address ledger);

    /// @notice Makes `code` the caller's. An account with a code can still be bound later.
    /// @dev Reverts: InvalidCode, CodeTaken, AlreadyRegistered.
    /// @param code the code
    function register(bytes32 code) external;

    /// @notice Binds the caller to the owner of `code`.
    /// @dev Reverts: UnknownCode, SelfReferral, AlreadyBound, YoungerReferrer.
    /// @param code the referrer's code
    function bind(bytes32 code) external;

    /// @notice Binds `referee` by their EIP-712 signature. Any account may bring it; contracts sign by ERC-1271.
    /// @dev The type is `Bind(address referee,bytes32 code,uint256 nonce,uint256 deadline)`, with the nonce of
    /// `nonces(referee)`. Reverts: SignatureExpired, InvalidSignature, and as {bind}.
    /// @param referee the signer
    /// @param code the referrer's code
    /// @param deadline Unix seconds, the last one that is good
    /// @param signature by key, or by ERC-1271
    function bindWithSignature(address referee, bytes32 code, uint256 deadline, bytes calldata signature) external;

    /// @notice Makes every signature that the caller has given so far worthless.
    function revokeSignatures() external;

    /// @notice Names the points ledger, once. Restricted.
    /// @dev Reverts: AccessManagedUnauthorized, ZeroAddress, LedgerAlreadySet.
    /// @param ledger_ the one contract that may call {IReferrals.bindFor}
    function setLedger(address ledger_) external;

    /// @notice The points ledger.
    /// @return zero until it is set
    function ledger() external view returns (address);

    /// @notice The code of an account.
    /// @param account the account
    /// @return zero where it has none
    function codeOf(address account) external view returns (bytes32);

    /// @notice The owner of a code.
    /// @param code the code
    /// @return zero where it is free
    function ownerOf(bytes32 code) external view returns (address);

    /// @notice How many codes there were when `account` had registered its own. Older codes have lower ranks.
    /// @param account the account
    /// @return 1 for the first code of all, 0 where the account has none
    function rankOf(address account) external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {IReferralRegistry, IReferrals} from "../../interfaces/IReferralRegistry.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";

/// @title Codes, and the accounts that are bound to them
/// @notice See {IReferralRegistry}.
/// @dev Why there are no cycles: along the referrers of an account with a code, each has a lower rank than the one
/// before (`docs/referral.md`).
/// @custom:security-contact security@ssi.example
contract ReferralRegistry is IReferralRegistry, FixedAuthority, EIP712, Nonces {
    uint256 private constant _MIN_LENGTH = 3;
    uint256 private constant _MAX_LENGTH = 16;

    bytes32 private constant _BIND = keccak256("Bind(address referee,bytes32 code,uint256 nonce,uint256 deadline)");

    /// @dev `rank:64 | boundAt:32 | referrer:160` = 256 bits, high to low. `boundAt` Unix seconds, 0 while not bound;
    /// `rank` 0 without a code.
    struct Membership {
        address referrer;
        uint32 boundAt;
        uint64 rank;
    }

    /// @inheritdoc IReferralRegistry
    address public ledger;
    uint64 private _registered;

    mapping(address account => Membership) private _accounts;

    /// @inheritdoc IReferralRegistry
    mapping(address account => bytes32) public codeOf;

    /// @inheritdoc IReferralRegistry
    mapping(bytes32 code => address) public ownerOf;

    constructor(address authority_) FixedAuthority(authority_) EIP712("SSI Referrals", "1") {
        if (authority_ == address(0)) revert ReferralRegistry_ZeroAddress();
    }

    /// @inheritdoc IReferralRegistry
    function register(bytes32 code) external {
        if (!_isValid(code)) revert ReferralRegistry_InvalidCode(code);
        if (ownerOf[code] != address(0)) revert ReferralRegistry_CodeTaken(code, ownerOf[code]);
        if (codeOf[msg.sender] != 0) revert ReferralRegistry_AlreadyRegistered(msg.sender, codeOf[msg.sender]);

        uint64 rank = ++_registered;
        _accounts[msg.sender].rank = rank;
        codeOf[msg.sender] = code;
        ownerOf[code] = msg.sender;
        emit CodeRegistered(msg.sender, code, rank);
    }

    /// @inheritdoc IReferralRegistry
    function bind(bytes32 code) external {
        _bind(msg.sender, code);
    }

    /// @inheritdoc IReferralRegistry
    function bindWithSignature(address referee, bytes32 code, uint256 deadline, bytes calldata signature) external {
        if (block.timestamp > deadline) revert ReferralRegistry_SignatureExpired(deadline);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_BIND, referee, code, _useNonce(referee), deadline)));
        if (!SignatureChecker.isValidSignatureNowCalldata(referee, digest, signature)) {
            revert ReferralRegistry_InvalidSignature(referee);
        }

        _bind(referee, code);
    }

    /// @inheritdoc IReferrals
    /// @dev Reverts: NotLedger, and as {bind}.
    function bindFor(address account, bytes32 code) external {
        if (msg.sender != ledger) revert ReferralRegistry_NotLedger(msg.sender);

        _bind(account, code);
    }

    /// @inheritdoc IReferralRegistry
    function revokeSignatures() external {
        emit SignaturesRevoked(msg.sender, _useNonce(msg.sender));
    }

    /// @inheritdoc IReferralRegistry
    function setLedger(address ledger_) external restricted {
        if (ledger_ == address(0)) revert ReferralRegistry_ZeroAddress();
        if (ledger != address(0)) revert ReferralRegistry_LedgerAlreadySet(ledger);

        ledger = ledger_;
        emit LedgerSet(ledger_);
    }

    /// @inheritdoc IReferrals
    function referrerOf(address account) external view returns (address referrer, uint256 boundAt) {
        return (_accounts[account].referrer, _accounts[account].boundAt);
    }

    /// @inheritdoc IReferrals
    function referrersOf(address[] calldata accounts, uint256 before)
        external
        view
        returns (address[] memory referrers)
    {
        referrers = new address[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Membership storage account = _accounts[accounts[i]];
            if (account.boundAt < before) referrers[i] = account.referrer;
        }
    }

    /// @inheritdoc IReferralRegistry
    function rankOf(address account) external view returns (uint256) {
        return _accounts[account].rank;
    }

    /// @dev An account without a code counts as younger than any other. Every condition here depends on what the
    /// referee did for themselves and what the owner of the code did for themselves; no third account can change one.
    function _bind(address referee, bytes32 code) private {
        address referrer = ownerOf[code];
        Membership storage account = _accounts[referee];
        if (referrer == address(0)) revert ReferralRegistry_UnknownCode(code);
        if (referrer == referee) revert ReferralRegistry_SelfReferral(referee);
        if (account.referrer != address(0)) revert ReferralRegistry_AlreadyBound(referee, account.referrer);
        uint256 rank = account.rank;
        if (rank != 0 && rank < _accounts[referrer].rank) revert ReferralRegistry_YoungerReferrer(referee, referrer);

        (account.referrer, account.boundAt) = (referrer, uint32(block.timestamp));
        emit Bound(referee, referrer, code);
    }

    /// @dev 3 to 16 of A-Z and 0-9, then only zeros.
    function _isValid(bytes32 code) private pure returns (bool) {
        uint256 length = 0;
        while (length < _MAX_LENGTH && code[length] != 0) {
            bytes1 c = code[length];
            if (!((c >= "A" && c <= "Z") || (c >= "0" && c <= "9"))) return false;
            ++length;
        }
        return length >= _MIN_LENGTH && code << (8 * length) == 0;
    }
}

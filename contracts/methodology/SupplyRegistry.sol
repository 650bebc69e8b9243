// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISupplyRegistry} from "../../interfaces/ISupplyRegistry.sol";
import {FixedAuthority} from "../governance/FixedAuthority.sol";

/// @title Circulating supplies, posted by governance within a bounded step
/// @notice See {ISupplyRegistry}.
/// @custom:security-contact security@ssi.example
contract SupplyRegistry is ISupplyRegistry, FixedAuthority {
    uint256 private constant _BPS = 10_000;

    /// @inheritdoc ISupplyRegistry
    uint256 public constant MAX_STEP = 2_500;

    /// @inheritdoc ISupplyRegistry
    uint256 public constant MIN_INTERVAL = 7 days;

    /// @inheritdoc ISupplyRegistry
    uint256 public constant MAX_AGE = 100 days;

    /// @dev `at:64 | amount:128` = 192 bits, high to low. `at` is 0 for a token that is not listed.
    struct Posting {
        uint128 amount;
        uint64 at;
    }

    mapping(address token => Posting) private _postings;

    constructor(address authority_) FixedAuthority(authority_) {
        if (authority_ == address(0)) revert SupplyRegistry_ZeroAddress();
    }

    /// @inheritdoc ISupplyRegistry
    function list(address[] calldata tokens, uint256[] calldata amounts) external restricted {
        _requireSameLength(tokens, amounts);
        for (uint256 i = 0; i < tokens.length; ++i) {
            if (_postings[tokens[i]].at != 0) revert SupplyRegistry_AlreadyListed(tokens[i]);

            _store(tokens[i], amounts[i]);
            emit SupplyListed(tokens[i], amounts[i]);
        }
    }

    /// @inheritdoc ISupplyRegistry
    function post(address[] calldata tokens, uint256[] calldata amounts) external restricted {
        _requireSameLength(tokens, amounts);
        for (uint256 i = 0; i < tokens.length; ++i) {
            (address token, uint256 amount, Posting memory last) = (tokens[i], amounts[i], _postings[tokens[i]]);
            if (last.at == 0) revert SupplyRegistry_NotListed(token);
            if (block.timestamp < last.at + MIN_INTERVAL) {
                revert SupplyRegistry_TooSoon(token, last.at + MIN_INTERVAL);
            }

            _store(token, amount);
            uint256 step = amount > last.amount ? amount - last.amount : last.amount - amount;
            if (step * _BPS > last.amount * MAX_STEP) {
                revert SupplyRegistry_StepTooLarge(token, amount, last.amount, MAX_STEP);
            }
            emit SupplyPosted(token, amount, last.amount);
        }
    }

    /// @inheritdoc ISupplyRegistry
    function supply(address token) public view returns (uint256) {
        Posting memory last = _postings[token];
        if (last.at == 0) revert SupplyRegistry_NotListed(token);
        if (block.timestamp - last.at > MAX_AGE) revert SupplyRegistry_Stale(token, last.at, MAX_AGE);
        return last.amount;
    }

    /// @inheritdoc ISupplyRegistry
    function supplies(address[] calldata tokens) external view returns (uint256[] memory amounts) {
        amounts = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            amounts[i] = supply(tokens[i]);
        }
    }

    /// @inheritdoc ISupplyRegistry
    function lastPosting(address token) external view returns (uint256 amount, uint256 postedAt) {
        Posting memory last = _postings[token];
        return (last.amount, last.at);
    }

    function _requireSameLength(address[] calldata tokens, uint256[] calldata amounts) private pure {
        if (tokens.length != amounts.length) revert SupplyRegistry_LengthMismatch(tokens.length, amounts.length);
    }

    function _store(address token, uint256 amount) private {
        if (amount == 0 || amount > type(uint128).max) revert SupplyRegistry_InvalidSupply(token, amount);
        _postings[token] = Posting(uint128(amount), uint64(block.timestamp));
    }
}

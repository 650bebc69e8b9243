// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {PlainToken} from "../PlainToken.sol";

/// @title Stand-in for sDAI and sUSDS
/// @dev Kept: the ERC-4626 functions, a rate that grows every second and that no donation moves, deposits that burn the
/// asset and withdrawals that mint it. The rate grows linearly here; the real ones compound.
contract SavingsToken is ERC20 {
    uint256 private constant _RAY = 1e27;

    PlainToken public immutable asset;
    uint256 public immutable start;
    uint256 public immutable startRate;

    /// @dev D27 for each second.
    uint256 public immutable growth;

    constructor(string memory name_, string memory symbol_, PlainToken asset_, uint256 startRate_, uint256 growth_)
        ERC20(name_, symbol_)
    {
        asset = asset_;
        start = block.timestamp;
        startRate = startRate_;
        growth = growth_;
    }

    function chi() public view returns (uint256) {
        return startRate + growth * (block.timestamp - start);
    }

    function convertToAssets(uint256 shares) public view returns (uint256) {
        return shares * chi() / _RAY;
    }

    function convertToShares(uint256 assets) public view returns (uint256) {
        return assets * _RAY / chi();
    }

    function totalAssets() external view returns (uint256) {
        return convertToAssets(totalSupply());
    }

    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        shares = convertToShares(assets);
        asset.burn(msg.sender, assets);
        _mint(receiver, shares);
    }

    function redeem(uint256 shares, address receiver, address owner) external returns (uint256 assets) {
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        assets = convertToAssets(shares);
        _burn(owner, shares);
        asset.mint(receiver, assets);
    }
}

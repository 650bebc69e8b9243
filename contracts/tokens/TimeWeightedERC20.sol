// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {ITimeWeightedERC20} from "../../interfaces/ITimeWeightedERC20.sol";
import {TimedBalance} from "./TimedBalance.sol";

/// @title ERC-20 with permit whose balance slot also carries a clock
/// @notice The base of index tokens and staked tokens.
/// @dev The issued supply is kept as the balance of the zero address, which can never hold shares.
abstract contract TimeWeightedERC20 is ERC20Permit, ITimeWeightedERC20 {
    /// @inheritdoc ITimeWeightedERC20
    uint256 public immutable epochGenesis;

    /// @inheritdoc ITimeWeightedERC20
    uint256 public immutable epochLength;

    /// @dev `saved` has, for each epoch in which the account was touched, its slot as it was before the first touch.
    /// Epochs without a touch store nothing.
    struct Account {
        TimedBalance live;
        mapping(uint256 epoch => TimedBalance) saved;
    }

    mapping(address account => Account) private _accounts;

    constructor(string memory name_, string memory symbol_, uint256 genesis, uint256 length)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        if (length == 0 || genesis > block.timestamp) {
            revert TimeWeightedERC20_InvalidEpochGrid(genesis, length);
        }

        epochGenesis = genesis;
        epochLength = length;
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc IERC20
    function balanceOf(address account) public view virtual override(ERC20, IERC20) returns (uint256) {
        return account == address(0) ? 0 : _accounts[account].live.balance();
    }

    /// @inheritdoc IERC20
    function totalSupply() public view virtual override(ERC20, IERC20) returns (uint256) {
        return issuedSupply();
    }

    /// @inheritdoc ITimeWeightedERC20
    function issuedSupply() public view returns (uint256) {
        return _accounts[address(0)].live.balance();
    }

    /// @inheritdoc ITimeWeightedERC20
    function currentEpoch() public view returns (uint256) {
        return _epochOf(block.timestamp);
    }

    /// @inheritdoc ITimeWeightedERC20
    function balanceSeconds(address account, uint256 fromEpoch, uint256 toEpoch) public view returns (uint256) {
        if (account == address(0)) return 0;

        (uint256 start, uint256 end) = _timesOf(fromEpoch, toEpoch);
        return _secondsOf(account, start, end);
    }

    /// @inheritdoc ITimeWeightedERC20
    function balanceSecondsBatch(address[] calldata accounts, uint256 fromEpoch, uint256 toEpoch)
        external
        view
        returns (uint256[] memory amounts)
    {
        (uint256 start, uint256 end) = _timesOf(fromEpoch, toEpoch);
        amounts = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] != address(0)) amounts[i] = _secondsOf(accounts[i], start, end);
        }
    }

    /// @inheritdoc ITimeWeightedERC20
    function supplySeconds(uint256 fromEpoch, uint256 toEpoch) public view returns (uint256) {
        (uint256 start, uint256 end) = _timesOf(fromEpoch, toEpoch);
        return _secondsOf(address(0), start, end);
    }

    // ---------------------------------------------------------------- internals

    /// @dev The one place where balances change. Self-transfers and zero values run through it too and change no
    /// balance. Nothing overflows: only a mint raises the issued supply, and no balance or burnt value is ever more
    /// than that.
    function _update(address from, address to, uint256 value) internal virtual override {
        unchecked {
            uint256 elapsed = block.timestamp - epochGenesis;
            uint256 epochStart = block.timestamp - elapsed % epochLength;

            Account storage giver = _accounts[from];
            TimedBalance slot = _touch(giver, epochStart);
            uint256 balance = slot.balance();
            if (from == address(0)) {
                if (value > type(uint96).max - balance) revert TimeWeightedERC20_SupplyOverflow(balance, value);
                giver.live = slot.moveTo(block.timestamp, balance + value);
            } else {
                if (value > balance) revert ERC20InsufficientBalance(from, balance, value);
                giver.live = slot.moveTo(block.timestamp, balance - value);
            }

            Account storage taker = _accounts[to];
            slot = _touch(taker, epochStart);
            balance = slot.balance();
            taker.live = slot.moveTo(block.timestamp, to == address(0) ? balance - value : balance + value);
        }

        emit Transfer(from, to, value);
    }

    /// @dev The slot of the issued supply.
    function _supplySlot() internal view returns (TimedBalance) {
        return _accounts[address(0)].live;
    }

    /// @dev The slot of the issued supply as it was before its first touch in `epoch`; empty where there was none.
    function _supplySlotBefore(uint256 epoch) internal view returns (TimedBalance) {
        return _accounts[address(0)].saved[epoch];
    }

    /// @dev Moves the supply's clock alone.
    function _touchSupply() internal {
        TimedBalance slot =
            _touch(_accounts[address(0)], block.timestamp - (block.timestamp - epochGenesis) % epochLength);
        _accounts[address(0)].live = slot.moveTo(block.timestamp, slot.balance());
    }

    /// @dev Returns the live slot, and saves it for readers if this is the account's first touch in this epoch.
    function _touch(Account storage account, uint256 epochStart) private returns (TimedBalance live) {
        live = account.live;
        if (live.time() < epochStart && !live.isEmpty()) account.saved[_epochOf(epochStart)] = live;
    }

    /// @dev From the start of `fromEpoch` to that of `toEpoch`, or until now where that is earlier.
    function _timesOf(uint256 fromEpoch, uint256 toEpoch) private view returns (uint256 start, uint256 end) {
        uint256 current = currentEpoch();
        if (fromEpoch >= toEpoch || fromEpoch > current) {
            revert TimeWeightedERC20_InvalidEpochs(fromEpoch, toEpoch, current);
        }

        // Epochs up to the current one have begun, so neither bound is later than now.
        unchecked {
            start = epochGenesis + fromEpoch * epochLength;
            end = toEpoch > current ? block.timestamp : epochGenesis + toEpoch * epochLength;
        }
    }

    /// @dev Exact where both bounds are the start of an epoch or now. Bounded: goes back once for each epoch since
    /// `start` in which the account was touched. A slot that was never written is a balance of 0 at time 0.
    function _secondsOf(address account, uint256 start, uint256 end) private view returns (uint256) {
        Account storage owner = _accounts[account];
        TimedBalance slot = owner.live;
        if (slot.isEmpty()) return 0;
        while (slot.time() > end) slot = owner.saved[_epochOf(slot.time())];
        uint256 until = slot.cumulativeAt(end);
        while (slot.time() > start) slot = owner.saved[_epochOf(slot.time())];

        return until - slot.cumulativeAt(start);
    }

    /// @dev Of a time since genesis.
    function _epochOf(uint256 timestamp) internal view returns (uint256) {
        unchecked {
            return (timestamp - epochGenesis) / epochLength;
        }
    }
}

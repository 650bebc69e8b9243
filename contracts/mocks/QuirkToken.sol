// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A token that misbehaves on demand, in every way that a holder may meet
contract QuirkToken {
    enum Quirk {
        None,
        NoReturnValue,
        ReturnsFalse,
        FeeOnTransfer,
        RevertsOnZero,
        Frozen,
        Reenters,
        BurnsGas,
        ReturnBomb,
        BalanceReverts,
        BalanceBurnsGas,
        BalanceReenters,
        LiesAboutBalance,
        BurnsGasEverywhere,
        WantsGas,
        MovesAndReturnsFalse,
        MovesHalfAndReturnsFalse
    }

    uint256 private constant _WAD = 1e18;

    string public constant name = "Quirk";
    string public constant symbol = "QUIRK";
    uint8 public immutable decimals;

    Quirk public quirk;

    /// @dev D18 factor on all balances: a rebase.
    uint256 public scale = _WAD;

    /// @dev Most that one transfer moves.
    uint256 public mostMoved = type(uint256).max;

    /// @dev The contract to re-enter, the calldata, and the result.
    address public target;
    bytes public payload;
    bool public reentered;
    bytes public answer;

    mapping(address => uint256) private _raw;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => bool) public blocked;

    error QuirkToken_Frozen();

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function setQuirk(Quirk quirk_) external {
        quirk = quirk_;
    }

    function setScale(uint256 scale_) external {
        scale = scale_;
    }

    function setMostMoved(uint256 amount) external {
        mostMoved = amount;
    }

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    function setReentry(address target_, bytes calldata payload_) external {
        (target, payload, reentered, answer) = (target_, payload_, false, "");
    }

    function mint(address to, uint256 amount) external {
        _raw[to] += amount * _WAD / scale;
    }

    function burn(address from, uint256 amount) external {
        _raw[from] -= amount * _WAD / scale;
    }

    function balanceOf(address account) external view returns (uint256) {
        if (quirk == Quirk.BalanceReverts) revert QuirkToken_Frozen();
        if (quirk == Quirk.BalanceBurnsGas || quirk == Quirk.BurnsGasEverywhere) _burnGas();
        if (quirk == Quirk.LiesAboutBalance) return type(uint256).max;
        if (quirk == Quirk.BalanceReenters) {
            (bool ok,) = target.staticcall(payload);
            if (!ok) revert QuirkToken_Frozen();
        }
        return _raw[account] * scale / _WAD;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
        _answer();
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        _answer();
    }

    function _move(address from, address to, uint256 amount) private {
        if (quirk == Quirk.Frozen || blocked[from] || blocked[to] || amount > mostMoved) revert QuirkToken_Frozen();
        if (quirk == Quirk.RevertsOnZero && amount == 0) revert QuirkToken_Frozen();
        if (quirk == Quirk.BurnsGas || quirk == Quirk.BurnsGasEverywhere) _burnGas();
        if (quirk == Quirk.WantsGas && gasleft() < 150_000) revert QuirkToken_Frozen();
        if (quirk == Quirk.ReturnsFalse) return;
        if (quirk == Quirk.Reenters && target != address(0)) (reentered, answer) = target.call(payload);

        uint256 raw = amount * _WAD / scale;
        if (quirk == Quirk.MovesHalfAndReturnsFalse) raw /= 2;
        _raw[from] -= raw;
        _raw[to] += quirk == Quirk.FeeOnTransfer ? raw - raw / 100 : raw;
    }

    /// @dev The functions above declare no return value, so that the quirk decides what they return.
    function _answer() private view {
        if (quirk == Quirk.NoReturnValue) return;
        uint256 size = quirk == Quirk.ReturnBomb ? 200_000 : 32;
        bool no = quirk == Quirk.ReturnsFalse || quirk == Quirk.MovesAndReturnsFalse
            || quirk == Quirk.MovesHalfAndReturnsFalse;
        uint256 word = no ? 0 : 1;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, word)
            return(free, size)
        }
    }

    function _burnGas() private view {
        while (gasleft() > 500) {}
    }
}

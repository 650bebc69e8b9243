// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Stand-in for BNB, a token of 2017
/// @dev Kept quirks: `transfer` returns no value, refuses zero values and the zero address, and refuses by spending all
/// gas or without a reason.
contract BnbLike {
    string public constant name = "BNB";
    string public constant symbol = "BNB";
    uint8 public constant decimals = 18;

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (value > allowed) revert();
        allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        if (value == 0) revert();
        allowance[msg.sender][spender] = value;
        return true;
    }

    function _move(address from, address to, uint256 value) private {
        if (to == address(0) || value == 0 || balanceOf[from] < value) revert();
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Stand-in for MKR
/// @dev Kept quirks: name and symbol are 32 bytes and no strings, a full allowance is never used up, the owner can stop
/// all transfers.
contract MakerLike {
    bytes32 public constant name = "Maker";
    bytes32 public constant symbol = "MKR";
    uint256 public constant decimals = 18;

    uint256 public totalSupply;
    address public immutable owner;
    bool public paused;

    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor() {
        owner = msg.sender;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        if (from != msg.sender && allowance[from][msg.sender] != type(uint256).max) {
            allowance[from][msg.sender] -= value;
        }
        return _move(from, to, value);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        require(!paused);
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function setPaused(bool paused_) external {
        require(msg.sender == owner);
        paused = paused_;
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        require(!paused);
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
        return true;
    }
}

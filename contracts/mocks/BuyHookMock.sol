// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBuyHook} from "../../interfaces/IBuyHook.sol";

/// @title A purchase hook that records its calls, refuses them, or burns the gas that it gets
contract BuyHookMock is IBuyHook {
    enum Mood {
        Friendly,
        Refusing,
        BurnsGas
    }

    Mood public mood;
    address public buyer;
    bytes32 public code;

    error BuyHookMock_No();

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function onBuy(address buyer_, bytes32 code_) external {
        if (mood == Mood.Refusing) revert BuyHookMock_No();
        while (mood == Mood.BurnsGas) {}
        (buyer, code) = (buyer_, code_);
    }
}

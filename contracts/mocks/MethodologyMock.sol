// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMethodology} from "../../interfaces/IMethodology.sol";

/// @title Returns its parameters as weights: `abi.encode(uint256[])`
contract MethodologyMock is IMethodology {
    error MethodologyMock_Refused();

    function weights(address[] calldata, uint256[] calldata, bytes calldata parameters)
        external
        pure
        returns (uint256[] memory)
    {
        return abi.decode(parameters, (uint256[]));
    }

    function validate(address[] calldata tokens, bytes calldata parameters) external pure {
        if (abi.decode(parameters, (uint256[])).length != tokens.length) revert MethodologyMock_Refused();
    }
}

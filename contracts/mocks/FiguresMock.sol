// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMethodology} from "../../interfaces/IMethodology.sol";

/// @title A registry that returns supplies that a test sets, for many questions in one call
contract FiguresMock {
    /// @notice Asks a methodology many questions, one after another.
    /// @param words for each question: `n`, n prices, n supplies, `k`, k words of parameters
    /// @return answers for each question: the number of words, and those of `weights`; or 0 and the selector of the
    /// error
    function weighAll(IMethodology methodology, uint256[] calldata words) external returns (uint256[] memory answers) {
        answers = new uint256[](words.length);
        uint256 at = 0;
        uint256 length = 0;
        while (at < words.length) {
            uint256 count = words[at];
            address[] memory tokens = new address[](count);
            for (uint256 i = 0; i < count; ++i) {
                tokens[i] = address(uint160(i + 1));
                _store(i + 1, words[at + 1 + count + i]);
            }
            uint256[] calldata prices = words[at + 1:at + 1 + count];
            at += 2 + 2 * count;
            uint256 size = words[at - 1];
            try methodology.weights(tokens, prices, abi.encodePacked(words[at:at + size])) returns (
                uint256[] memory list
            ) {
                answers[length++] = list.length;
                for (uint256 i = 0; i < list.length; ++i) {
                    answers[length++] = list[i];
                }
            } catch (bytes memory reason) {
                answers[length++] = 0;
                answers[length++] = uint256(uint32(bytes4(reason)));
            }
            at += size;
        }
        assembly ("memory-safe") {
            mstore(answers, length)
        }
    }

    /// @dev As `ISupplyRegistry`.
    function supplies(address[] calldata tokens) external view returns (uint256[] memory list) {
        list = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 value;
            address slot = tokens[i];
            assembly ("memory-safe") {
                value := tload(slot)
            }
            list[i] = value;
        }
    }

    function _store(uint256 slot, uint256 value) private {
        assembly ("memory-safe") {
            tstore(slot, value)
        }
    }
}

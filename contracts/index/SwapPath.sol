// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

import {HopTree, SwapPlan} from "./HopTree.sol";
import {Node} from "./Node.sol";

/// @title A plan in transient storage
/// @notice A purchase swaps inside the callbacks of its swaps. Each callback reads and writes the nodes that it needs
/// here.
/// @dev Why transient storage, at 100 gas a word: to hand the plan on from callback to callback would cost the square
/// of its length. Words that earlier trades of the transaction left are overwritten before they are read.
library SwapPath {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @dev Far from all other slots, with room for 2^12 words. A node takes four: the node, its amount, the {tok} of
    /// its parent that it was swapped for, and one that is unused.
    uint256 private constant _FIRST_WORD = uint256(keccak256("ssi.router.swap-path")) & ~uint256(2 ** 12 - 1);

    bytes32 private constant _COUNT = bytes32(_FIRST_WORD - 1);

    function store(SwapPlan memory p) internal {
        uint256 count = p.count;
        _COUNT.asUint256().tstore(count);
        for (uint256 n = 0; n < count; ++n) {
            _wordOf(n, 0).tstore(Node.unwrap(p.nodes[n]));
            _wordOf(n, 1).tstore(p.amounts[n]);
        }
    }

    /// @dev {HopTree.slack} of the plan, once all nodes are swapped.
    function slack(uint256 each) internal view returns (uint256) {
        uint256 count = _COUNT.asUint256().tload();
        SwapPlan memory p = SwapPlan(count, new Node[](count), new uint256[](count));
        uint256[] memory flows = new uint256[](count);
        for (uint256 n = 0; n < count; ++n) {
            (p.nodes[n], p.amounts[n], flows[n]) = (node(n), amount(n), _wordOf(n, 2).tload());
        }
        return HopTree.slack(p, flows, each);
    }

    function node(uint256 n) internal view returns (Node) {
        return Node.wrap(_wordOf(n, 0).tload());
    }

    function amount(uint256 n) internal view returns (uint256) {
        return _wordOf(n, 1).tload();
    }

    /// @dev Node `n` was swapped for `flow` of its parent's token.
    function swapped(uint256 n, uint256 parent, uint256 flow) internal {
        _wordOf(n, 2).tstore(flow);
        _wordOf(parent, 1).tstore(amount(parent) + flow);
    }

    function _wordOf(uint256 n, uint256 word) private pure returns (TransientSlot.Uint256Slot) {
        unchecked {
            return bytes32(_FIRST_WORD + 4 * n + word).asUint256();
        }
    }
}

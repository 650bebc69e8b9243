// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is used of a Chainlink feed
/// @notice Chainlink's own interface, cut down to the functions that the oracle calls.
interface IAggregatorV3 {
    /// @notice Decimals of every answer.
    /// @return decimals of `answer`
    function decimals() external view returns (uint8);

    /// @notice What the feed prices, for people.
    /// @return a text such as "BTC / USD"
    function description() external view returns (string memory);

    /// @notice The newest round.
    /// @return roundId its number
    /// @return answer the price, with {decimals}
    /// @return startedAt when the round began, Unix seconds
    /// @return updatedAt when the answer was written, Unix seconds
    /// @return answeredInRound the round that the answer belongs to; deprecated by Chainlink
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @title What is used of a Chainlink feed's past
/// @notice Apart from {IAggregatorV3}, because an average keeps no rounds.
interface IAggregatorHistory {
    /// @notice An older round.
    /// @param roundId its number
    /// @return id the same number
    /// @return answer the price, with the feed's decimals
    /// @return startedAt when the round began, Unix seconds
    /// @return updatedAt when the answer was written, Unix seconds
    /// @return answeredInRound the round that the answer belongs to; deprecated by Chainlink
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

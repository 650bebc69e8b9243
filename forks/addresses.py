"""Where things are on Ethereum mainnet.

Sources: Uniswap's default token list, Chainlink's list of Ethereum feeds, Uniswap's and Safe's deployment records.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

TOKENS = MappingProxyType(
    {
        "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        "USDC": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "USDT": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "DAI": "0x6B175474E89094C44Da98b954EedeAC495271d0F",
        "USDS": "0xdC035D45d973E3EC169d2276DDab16f1e407384F",
        "sDAI": "0x83F20F44975D03b1b09e64809B757c47f942BEeA",
        "sUSDS": "0xa3931d71877C0E7a3148CB7Eb4463524FEc27fbD",
        "WBTC": "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599",
        "BNB": "0xB8c77482e45F1F44dE1745F52C74426C631bDD52",
        "SOL": "0xD31a59c85aE9D8edEFeC411D448f90841571b89c",
        "LINK": "0x514910771AF9Ca656af840dff83E8264EcF986CA",
        "UNI": "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
        "AAVE": "0x7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9",
        "MKR": "0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2",
        "SKY": "0x56072C95FAA701256059aa122697B133aDEd9279",
        "LDO": "0x5A98FcBEA516Cf06857215779Fd812CA3beF1B32",
        "CRV": "0xD533a949740bb3306d119CC777fa900bA034cd52",
        "COMP": "0xc00e94Cb662C3520282E6f5717214004A7f26888",
        "SHIB": "0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE",
        "PEPE": "0x6982508145454Ce325dDbE47a25d4ec3d2311933",
        "FLOKI": "0xcf0C122c6b73ff809C693DB761e7BaeBe62b6a2E",
        "SOSO": "0x76A0e27618462bDAC7a29104bdcfFf4E6BFCea2D",
    }
)

FEEDS = MappingProxyType(
    {
        "BTC/USD": "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
        "ETH/USD": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
        "SOL/USD": "0x4ffC43a60e009B551865A93d232E33Fce9f01507",
        "BNB/USD": "0x14e613AC84a31f709eadbdF89C6CC390fDc9540A",
        "USDC/USD": "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
        "USDT/USD": "0x3E7d1eAB13ad0104d2750B8863b489D65364e32D",
        "DAI/USD": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
        "USDS/USD": "0xfF30586cD0F29eD462364C7e81375FC0C71219b1",
        "UNI/USD": "0x553303d460EE0afB37EdFf9bE42922D8FF63220e",
        "AAVE/USD": "0x547a514d5e3769680Ce22B2361c10Ea13619e8a9",
        "LINK/USD": "0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c",
        "SKY/USD": "0xee10fE5E7aa92dd7b136597449c3d5813cFC5F18",
        "CRV/USD": "0xCd627aA160A6fA45Eb793D19Ef54f5062F20f33f",
        "COMP/USD": "0xdbd020CAeF83eFd542f4De03e3cF0C28A4428bd5",
        "SHIB/ETH": "0x8dD1CD88F43aF196ae478e91b9F5E4Ac69A97C61",
        "LDO/ETH": "0x4e844125952D32AcdF339BE976c98E22F6F318dB",
    }
)

CONTRACTS = MappingProxyType(
    {
        "UniswapV2Factory": "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
        "UniswapV2Router02": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
        "UniswapV3Factory": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
        "NonfungiblePositionManager": "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
        "SwapRouter02": "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
        "QuoterV2": "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
        "Permit2": "0x000000000022D473030F116dDEE9F6B43aC78BA3",
        "Multicall3": "0xcA11bde05977b3631167028862bE2a173976CA11",
        "Safe": "0x41675C099F32341bf84BFc5382aF534df5C7461a",
        "SafeL2": "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762",
        "SafeProxyFactory": "0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67",
        "MultiSend": "0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526",
        "MultiSendCallOnly": "0x9641d764fc13c8B624c04430C7356C1C7C8102e2",
        "CompatibilityFallbackHandler": "0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99",
    }
)

# Owners on mainnet, whom the build impersonates.
UNISWAP_V3_OWNER = "0x1a9C8182C09F50C8318d769245beA52c32BE35BC"
UNISWAP_V2_FEE_SETTER = "0x1a9C8182C09F50C8318d769245beA52c32BE35BC"
FEEDS_OWNER = "0x21f73D42Eb58Ba49dDB685dc29D3bF5c0f0373CA"
USDC_ADMIN = "0x807a96288A1A408dBC13DE2b1d087d10356395d2"
USDC_MASTER = "0xE982615d461DD5cD06575BbeA87624fda4e3de17"
USDC_IMPLEMENTATION = "0x43506849D7C04F9138D1A2050bbF3A0c054402dd"
USDC_LIBRARY = "0x800C32EaA2a6c93cF4CB51794450ED77fBfbB172"


class UniswapPool(NamedTuple):
    """A Uniswap v3 pool with one position of `depth` USD on each side, from `1/spread` to `spread` times the price."""

    a: str
    b: str
    fee: int
    depth: int
    spread: float = 2.0


POOLS = (
    UniswapPool("USDC", "WETH", 500, 60_000_000),
    UniswapPool("USDC", "WETH", 3000, 30_000_000),
    UniswapPool("WETH", "USDT", 500, 30_000_000),
    UniswapPool("WBTC", "WETH", 500, 40_000_000),
    UniswapPool("WBTC", "WETH", 3000, 60_000_000),
    UniswapPool("WBTC", "USDC", 3000, 20_000_000),
    UniswapPool("USDC", "USDT", 100, 20_000_000, 1.02),
    UniswapPool("DAI", "USDC", 100, 20_000_000, 1.02),
    UniswapPool("USDS", "USDC", 100, 20_000_000, 1.02),
    UniswapPool("sDAI", "DAI", 100, 10_000_000, 1.02),
    UniswapPool("sUSDS", "USDS", 100, 10_000_000, 1.02),
    UniswapPool("SOL", "WETH", 3000, 5_000_000),
    UniswapPool("BNB", "WETH", 3000, 3_000_000),
    UniswapPool("LINK", "WETH", 3000, 20_000_000),
    UniswapPool("UNI", "WETH", 3000, 15_000_000),
    UniswapPool("AAVE", "WETH", 3000, 10_000_000),
    UniswapPool("SKY", "WETH", 3000, 900_000),
    UniswapPool("LDO", "WETH", 3000, 4_000_000),
    UniswapPool("CRV", "WETH", 3000, 4_000_000),
    UniswapPool("COMP", "WETH", 3000, 3_000_000),
    UniswapPool("SHIB", "WETH", 3000, 6_000_000),
    UniswapPool("PEPE", "WETH", 3000, 10_000_000),
    UniswapPool("FLOKI", "WETH", 10000, 2_000_000),
    UniswapPool("SOSO", "WETH", 3000, 2_000_000),
)

# Pools whose time-weighted average serves as a price: they remember more than the last second.
OBSERVED = frozenset(
    {("USDC", "WETH"), ("WBTC", "WETH")}
    | {
        (token, "WETH")
        for token in ("LINK", "UNI", "AAVE", "SKY", "LDO", "CRV", "COMP", "SHIB", "PEPE", "FLOKI", "SOSO")
    }
)

"""Decoding of ABI data, as strict as it is meant.

Ape replaces the decoder of numbers in eth-abi's own registry by one that fills up what is cut off: a call with half a
number would be shown as a right one, and the answer of an address without code be read as 0.
"""

from __future__ import annotations

from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.registry import BaseEquals, registry

_ours = registry.copy()
_ours.unregister("uint")
_ours.register(BaseEquals("uint"), UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
decode = ABICodec(_ours).decode

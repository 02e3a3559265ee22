"""Errors of the gateway, named for what happened."""


class GatewayError(Exception):
    """The gateway could not do what it should."""


class StoreFailed(GatewayError):
    """The disk did not take what must be durable; nothing was recorded."""


class FileDamaged(GatewayError):
    """A file of ours is not what we wrote."""


class UplinkFailed(GatewayError):
    """The registry did not answer, or not as agreed."""


class ChainForked(UplinkFailed):
    """The registry holds another record under one of our epochs."""

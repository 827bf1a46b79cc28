"""The mirror for administrators: how it is doing, what waits for a decision, and which code stands for what."""

from bitrix24.admin import mapping, rows, state

__all__ = ["mapping", "rows", "state"]

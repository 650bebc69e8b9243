"""The guardian's veto on their own replacement, from the rules in docs/architecture.md. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400
NOTICE = 16 * DAY  # from an announcement to its execution
VOID = 7 * DAY  # from then until it is void
CONTEST = 30 * DAY  # the guardian may veto every attempt from their first veto on
TRUCE = 90 * DAY  # and then none


@dataclass
class Dispute:
    """One guardian, one replacement that may be announced, and the contest over it."""

    first_veto: int | None = None
    ready_at: int | None = None
    replaced: bool = False

    def announce(self, now: int) -> bool:
        """The Safe schedules the replacement; False where it is scheduled already."""
        if self.ready_at is not None and now < self.ready_at + VOID:
            return False
        self.ready_at = now + NOTICE
        return True

    def veto(self, now: int) -> bool:
        """The guardian cancels it; False where they cannot."""
        if self.ready_at is None or self.replaced:
            return False
        if now >= self.ready_at + VOID:  # no veto, for it cannot happen any more
            self.ready_at = None
            return True
        since = None if self.first_veto is None else now - self.first_veto
        if since is None or since >= CONTEST + TRUCE:
            self.first_veto = now
        elif since >= CONTEST:
            return False
        self.ready_at = None
        return True

    def execute(self, now: int) -> bool:
        """The Safe executes it; False where it is not announced, too early or too late."""
        if self.replaced or self.ready_at is None or not self.ready_at <= now < self.ready_at + VOID:
            return False
        self.replaced, self.ready_at, self.first_veto = True, None, None
        return True

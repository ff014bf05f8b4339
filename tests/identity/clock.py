"""A clock that tests turn."""

from datetime import UTC, datetime, timedelta, tzinfo


class Clock:
    """Counts seconds, and tells the time, from the present moment on."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self._began = datetime.now(UTC)

    def __call__(self) -> float:
        """Seconds since some moment, as `time.monotonic` does."""
        return self.seconds

    def now(self, zone: tzinfo) -> datetime:
        """The time, as `datetime.now` does."""
        return (self._began + timedelta(seconds=self.seconds - 1_000.0)).astimezone(zone)

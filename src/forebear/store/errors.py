"""Errors of the store, in words that a client may read."""


class StoreError(Exception):
    """The store could not do the work."""


class EngineUnavailable(StoreError):
    """The database cannot be reached now. Try again after `retry_after` seconds."""

    def __init__(self, retry_after: float, reason: str = "The database is not reachable.") -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class StatementTimeout(StoreError):
    """The work took longer than `seconds`. A write may or may not have been done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The database did not answer within {seconds:g} s.")
        self.seconds = seconds


class StatementTooLarge(StoreError):
    """A statement needed more memory than the database gives to one. Nothing was written."""

    def __init__(self) -> None:
        super().__init__("This reaches more than the database can hold at once. Ask about less.")


class ConstraintViolated(StoreError):
    """A write would have made a unique value exist twice. Nothing was written."""

    def __init__(self) -> None:
        super().__init__("Something with this identity already exists.")


class TransientFailure(StoreError):
    """Concurrent work or a shortage of memory kept the database from answering, repeatedly. `retry_after` is in seconds."""

    def __init__(self, reason: str = "The database was too busy to complete this; try again.", retry_after: float = 1) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Overloaded(TransientFailure):
    """So much runs and waits already that this was not begun, or was broken off early. Nothing was written."""

    def __init__(self, retry_after: float = 1) -> None:
        super().__init__("So much is being asked that this has to wait its turn; try again later.", max(1, retry_after))


class StorageFull(StoreError):
    """The disk that the database writes to is full. Nothing was written, and reading goes on."""

    def __init__(self) -> None:
        super().__init__("The database's disk is full, so nothing was written: make room on it. What is there can be read.")


class StatementFailed(StoreError):
    """A statement or its parameters are wrong: a bug of ours. Its details are in the log."""

    def __init__(self) -> None:
        super().__init__("The database refused a statement; the details are in the log.")


class EngineFailed(StoreError):
    """The embedded engine did not start, or kept stopping. The message says why."""


class DataDirectoryInUse(StoreError):
    """Another process works on the data directory. The message says which. `address` is that of its service, if it serves."""

    def __init__(self, message: str, address: str | None) -> None:
        super().__init__(message)
        self.address = address

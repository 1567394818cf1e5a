"""The two kinds of trouble: one stops the command, the other costs one learner; and its words."""


class GradingError(Exception):
    """An error that stops a whole command; the message says what to do."""


class Rejected(Exception):
    """A submission that is not taken in; the message says why and what to do."""


def unreadable(points: Exception) -> str:
    """Return why a learner has no points: the error in what the gradebook holds of them."""
    return f"its points cannot be read ({type(points).__name__}: {points})"

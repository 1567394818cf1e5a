"""The two kinds of trouble: one stops the command, the other costs one learner's file."""


class GradingError(Exception):
    """An error that stops a whole command; the message says what to do."""


class Rejected(Exception):
    """A submission that is not taken in; the message says why and what to do."""

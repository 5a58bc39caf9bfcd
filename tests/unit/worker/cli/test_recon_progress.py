"""What an operator sees of an import that takes long, and that a short one says nothing."""

import io

from worker.cli.recon_progress import EVERY, Progress


class Told:
    """A progress with a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.out = io.StringIO()
        self.progress = Progress(lambda: self.now, self.out)

    def after(self, seconds: float, lines: int, of: int | None) -> list[str]:
        """What is said at this moment."""
        self.now += seconds
        self.out.truncate(self.out.seek(0))
        self.progress(lines, of)
        return self.out.getvalue().splitlines()


def test_what_is_soon_done_says_nothing() -> None:
    told = Told()
    assert told.after(EVERY - 0.1, 1000, None) == told.after(0.0, 1000, 1000) == []


def test_it_says_every_few_seconds_how_far_it_is() -> None:
    told = Told()
    assert told.after(EVERY, 250_000, None) == ["250,000 lines are read, to see whether the file is whole"]
    assert told.after(1.0, 300_000, None) == []
    assert told.after(1.0, 0, 1_000_000) == [], "here the second reading begins"
    assert told.after(20.0, 200_000, 1_000_000) == ["200,000 of 1,000,000 lines (20 %), about 80 s left"]
    assert told.after(EVERY / 2, 300_000, 1_000_000) == []
    assert told.after(EVERY / 2, 250_000, 1_000_000) == ["250,000 of 1,000,000 lines (25 %), about 75 s left"]
    assert told.after(75.0, 1_000_000, 1_000_000) == ["1,000,000 of 1,000,000 lines (100 %), about 0 s left"]

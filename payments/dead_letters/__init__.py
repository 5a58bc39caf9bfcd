"""Messages that could not be posted: kept, shown, replayed, discarded; the halt on a flood of them."""

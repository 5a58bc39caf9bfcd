"""Fixed windows of rate limits in Redis: Lua functions for scripts, and the script that counts in one window.

A counter that is not a number, or does not expire within the window's length, is deleted and counting starts anew:
else it would refuse requests, or let them pass, for as long as it exists.
"""

from typing import Final, NamedTuple

from redis import Redis

FUNCTIONS: Final = """
local function read(key, length)
  local used = redis.pcall('GET', key)
  if not used then return 0, 0 end
  local left = redis.call('PTTL', key)
  local whole = type(used) == 'string' and #used < 16 and string.find(used, '^[0-9]+$')
  if whole and left > 0 and left <= length then return tonumber(used), left end
  redis.call('DEL', key)
  return 0, 0
end
local function count(key, length, left)
  if left > 0 then return redis.call('INCR', key), left end
  redis.call('SET', key, 1, 'PX', length)
  return 1, length
end
local function give_back(key, length)
  if read(key, length) > 0 then redis.call('DECR', key) end
end
"""
"""`read(key, length)` returns a window's count and its remaining milliseconds (0, 0: none is open); `count` adds one
to the window of which `read` returned `left`, or opens one; `give_back` takes one back from an open window. `length` in
milliseconds."""

READ: Final = FUNCTIONS + "return {read(KEYS[1], tonumber(ARGV[1]))}"
_COUNT: Final = (
    FUNCTIONS
    + """
local length = tonumber(ARGV[1])
local _, left = read(KEYS[1], length)
return {count(KEYS[1], length, left)}
"""
)


class Window(NamedTuple):
    """A fixed window: its limit, the requests left, and its end (seconds since the epoch)."""

    limit: int
    remaining: int
    ends_at: float


def window(capacity: int, used: int, left_ms: int, now: float) -> Window:
    """The window of which `used` of `capacity` are used and that ends `left_ms` milliseconds after `now`."""
    return Window(capacity, max(capacity - used, 0), now + max(left_ms, 0) / 1000)


def count(client: Redis, key: str, length_ms: int) -> tuple[int, int]:
    """Count one in the window `key`; returns its count and its remaining milliseconds. Raises RedisError, OSError."""
    used, left = client.eval(_COUNT, 1, key, length_ms)
    return used, left


def read(client: Redis, key: str, length_ms: int) -> tuple[int, int]:
    """As `count`, without counting: (0, 0) when no window is open."""
    used, left = client.eval(READ, 1, key, length_ms)
    return used, left

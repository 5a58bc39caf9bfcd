"""The Redis script of `payments.payment.admission`: what it is given, and how its reply is read. Does no I/O.

One call serves all requests of a batch, and both ways are packed: a nested reply, read in Python, costs the web worker
more than everything that the script does.
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Final, NamedTuple

from payments.platform.redis import windows as redis_windows

SCRIPT: Final = (
    redis_windows.FUNCTIONS
    + """
local asked = cjson.decode(ARGV[1])
local address_limit, period = unpack(asked.address_limit)

local function admit(answer_key, window_key, length, capacity, address_key)
  local answer = redis.pcall('GET', answer_key)
  local used, left = 0, 0
  if capacity > 0 then used, left = read(window_key, length) end
  if type(answer) == 'string' then return answer, 0, used, left end
  if capacity > 0 and used >= capacity then return nil, 1, used, left end
  if address_limit > 0 then
    local sent, rest = read(address_key, period)
    if sent >= address_limit then return nil, 2, sent, rest end
    count(address_key, period, rest)
  end
  if capacity > 0 then used, left = count(window_key, length, left) end
  return nil, 0, used, left
end

for at = 2, #ARGV, 2 do redis.pcall('SET', ARGV[at], ARGV[at + 1], 'EX', asked.answer_ttl) end
for _, window in ipairs(asked.uncounted) do give_back(unpack(window)) end
local numbers, reply = {}, {''}
for at, attempt in ipairs(asked.attempts) do
  local answer, refused, used, left = admit(unpack(attempt))
  numbers[at] = string.format('%d %d %d %d', answer and 1 or 0, refused, used, left)
  reply[#reply + 1] = answer
end
reply[1] = table.concat(numbers, ' ')
return reply
"""
)
"""ARGV: JSON of `answer_ttl` (seconds), `address_limit` (capacity and milliseconds), `uncounted` (windows that get a
count back) and `attempts`; then pairs of key and answer to store. A window is its key, its length in milliseconds and,
of attempts, its capacity. The keys are not in KEYS, which only a Redis Cluster would need.

Returns one text with four numbers for each attempt, those of `Reply`, and then the answers that were found."""
SHA: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class Reply(NamedTuple):
    """What the script says of one attempt: its stored answer, the refusal or 0, and the window that this is about."""

    stored: bytes | None
    refused: int
    used: int
    left: int
    """Milliseconds until the window ends."""


def read(returned: Sequence[bytes]) -> list[Reply]:
    """What the script returned, by attempt."""
    numbers = map(int, returned[0].split())
    answers = iter(returned[1:])
    return [
        Reply(next(answers) if is_found else None, refused, used, left)
        for is_found, refused, used, left in zip(numbers, numbers, numbers, numbers, strict=True)
    ]

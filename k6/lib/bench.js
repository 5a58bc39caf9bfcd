// How a script of `make bench` is paced: so many users, each of which asks again at once (USERS), or a constant RATE a
// second. For DURATION.
export function scenario({ USERS, RATE, DURATION: duration }) {
  if (USERS) return { executor: 'constant-vus', vus: Number(USERS), duration };
  const rate = Number(RATE);
  return {
    executor: 'constant-arrival-rate',
    rate,
    timeUnit: '1s',
    duration,
    preAllocatedVUs: rate, // made beforehand, so that no request waits for one
    maxVUs: 2 * rate,
  };
}

// How a script of `make bench` is paced: so many users, each of which asks again at once (USERS), or a constant RATE a
// second. For DURATION.

// Each user keeps a connection. Of 1,000 a web worker closes idle ones from 900 on, and a request that comes just then is lost.
const MOST = 800;

export function scenario({ USERS, RATE, DURATION: duration }) {
  if (USERS) return { executor: 'constant-vus', vus: Number(USERS), duration };
  const rate = Number(RATE);
  return {
    executor: 'constant-arrival-rate',
    rate,
    timeUnit: '1s',
    duration,
    preAllocatedVUs: Math.min(rate, MOST), // made beforehand, so that no request waits for one
    maxVUs: Math.min(2 * rate, MOST),
  };
}

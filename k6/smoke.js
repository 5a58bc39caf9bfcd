// A short, steady load: each iteration authorizes and captures one payment. RATE (1/s), DURATION, BASE_URL and SUMMARY
// (the file for the result) come from the environment. The thresholds decide: k6 ends with 99 when one is crossed.
import { check } from 'k6';
import config from './lib/config.js';
import { pay, refuseDeadTarget } from './lib/journey.js';
import { options as profile, summarize } from './lib/profiles.js';

const LONGEST_P95_MS = 500; // ten times what a busy machine of two cores shows

const steady = {
  executor: 'constant-arrival-rate',
  rate: config.rate,
  timeUnit: '1s',
  duration: config.duration,
  preAllocatedVUs: config.rate,
  maxVUs: 2 * config.rate,
};

export const options = profile(
  { pay: steady },
  {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    http_req_duration: [`p(95)<${LONGEST_P95_MS}`],
    dropped_iterations: ['count==0'],
  },
);
export const setup = refuseDeadTarget;
export default function (data) {
  check(pay(data, { capture: true, refund: false }), { 'authorized and captured': (done) => done });
}
export const handleSummary = (data) => summarize(data);

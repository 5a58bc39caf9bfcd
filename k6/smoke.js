// A short, steady load: each iteration authorizes and captures one payment. RATE (1/s), DURATION, BASE_URL and SUMMARY
// (the file for the result) come from the environment. The thresholds decide: k6 ends with 99 when one is crossed.
import http from 'k6/http';
import { check, fail } from 'k6';
import exec from 'k6/execution';

const RATE = Number(__ENV.RATE || 20);
const LONGEST_P95_MS = 500; // ten times what a busy machine of two cores shows

export const options = {
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: {
    pay: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.DURATION || '10s',
      preAllocatedVUs: RATE,
      maxVUs: 2 * RATE,
    },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    http_req_duration: [`p(95)<${LONGEST_P95_MS}`],
    dropped_iterations: ['count==0'],
  },
};

const headers = { 'Content-Type': 'application/json' };

function post(path, body) {
  return http.post(`${__ENV.BASE_URL}${path}`, JSON.stringify(body), { headers, tags: { name: path.replace(/\d+/, '{id}') } });
}

export function setup() {
  const answer = http.get(`${__ENV.BASE_URL}/health`, { responseCallback: http.expectedStatuses({ min: 200, max: 599 }) });
  if (answer.status !== 200) fail(`${__ENV.BASE_URL}/health answers ${answer.status}: nothing to load`);
  return { run: Date.now() };
}

export default function (data) {
  const number = exec.scenario.iterationInTest;
  const merchantId = `K6-${number % 20}`;
  const order = { merchantId, amount: 10000, currency: 'KRW', idempotencyKey: `${data.run}-${number}` };
  const authorized = post('/payments/authorize', order);
  if (!check(authorized, { authorized: (a) => a.status === 200 && a.json('status') === 'AUTHORIZED' })) return;
  const captured = post(`/payments/capture/${authorized.json('paymentId')}`, { merchantId });
  check(captured, { captured: (a) => a.status === 200 && a.json('status') === 'CAPTURED' });
}

export function handleSummary(data) {
  const lines = Object.entries(data.metrics)
    .filter(([, metric]) => metric.thresholds)
    .map(([name, metric]) => `${name} ${JSON.stringify(metric.values)} ${JSON.stringify(metric.thresholds)}\n`);
  return { stdout: lines.join(''), [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}

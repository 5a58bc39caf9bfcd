// Whole flows for `make bench`: authorize, then capture, then refund, each after the answer of the one before. Paced
// and told everything else as bench-authorize.js; RATE is of flows.
import http from 'k6/http';
import exec from 'k6/execution';
import { scenario } from './lib/bench.js';
import { headersWith, merchantsKeys } from './lib/keys.js';

const keys = merchantsKeys(__ENV);

export const options = {
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: { flow: scenario(__ENV) },
};

export default function () {
  const number = exec.scenario.iterationInTest;
  const headers = headersWith(keys[number % keys.length]);
  const merchantId = keys.length ? undefined : `M${number % 50}`; // as in bench-authorize.js
  const key = `${Math.random().toString(16).slice(2, 10)}-${__ENV.RUN}-${number}`;
  const body = JSON.stringify({ merchantId, amount: 10000, currency: 'KRW', idempotencyKey: key });
  const authorized = http.post(`${__ENV.BASE_URL}/payments/authorize`, body, { headers });
  if (authorized.status !== 200) return; // it counts as failed
  const id = authorized.body.split(':', 2)[1].split(',', 1)[0]; // the body begins with it: cheaper than to parse all
  for (const step of ['capture', 'refund']) {
    const name = `${__ENV.BASE_URL}/payments/${step}/{id}`;
    const options = { headers, tags: { name }, responseType: 'none' };
    http.post(`${__ENV.BASE_URL}/payments/${step}/${id}`, JSON.stringify({ merchantId }), options);
  }
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}

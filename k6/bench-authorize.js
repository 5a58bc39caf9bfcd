// Authorizations for `make bench`, at a rate or of so many users: lib/bench.js. BASE_URL, RUN (a new text each time)
// and SUMMARY (the file for the result) come from the environment; with KEYS_FILE or API_KEY merchants pay by their keys,
// at their acquirer with PAYMENT_METHOD.
import http from 'k6/http';
import exec from 'k6/execution';
import { scenario } from './lib/bench.js';
import { headersWith, merchantsKeys } from './lib/keys.js';

const keys = merchantsKeys(__ENV);

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: { authorize: scenario(__ENV) },
};

export default function () {
  const number = exec.scenario.iterationInTest;
  // as clients' keys do, each falls somewhere else among those that are stored
  const key = `${Math.random().toString(16).slice(2, 10)}-${__ENV.RUN}-${number}`;
  const merchantId = keys.length ? undefined : `M${number % 50}`; // JSON leaves out what is undefined
  const paymentMethod = __ENV.PAYMENT_METHOD || undefined;
  const body = JSON.stringify({ merchantId, amount: 10000, currency: 'KRW', idempotencyKey: key, paymentMethod });
  http.post(`${__ENV.BASE_URL}/payments/authorize`, body, { headers: headersWith(keys[number % keys.length]) });
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}

// One constant rate of authorizations, for `make bench`. RATE (1/s), DURATION, BASE_URL, RUN (a new text each time)
// and SUMMARY (the file for the result) come from the environment; with KEYS_FILE or API_KEY merchants pay by their keys,
// at their acquirer with PAYMENT_METHOD.
import http from 'k6/http';
import exec from 'k6/execution';
import { headersWith, merchantsKeys } from './lib/keys.js';

const RATE = Number(__ENV.RATE);
const keys = merchantsKeys(__ENV);

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: {
    authorize: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.DURATION,
      preAllocatedVUs: RATE, // made beforehand, so that no request waits for one
      maxVUs: 2 * RATE,
    },
  },
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

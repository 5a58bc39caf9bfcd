// One constant rate of authorizations, for `make bench`. RATE (1/s), DURATION, BASE_URL, RUN (a new text each time)
// and SUMMARY (the file for the result) come from the environment.
import http from 'k6/http';
import exec from 'k6/execution';

const RATE = Number(__ENV.RATE);

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

const headers = { 'Content-Type': 'application/json' };

export default function () {
  const number = exec.scenario.iterationInTest;
  // as clients' keys do, each falls somewhere else among those that are stored
  const key = `${Math.random().toString(16).slice(2, 10)}-${__ENV.RUN}-${number}`;
  const body = `{"merchantId":"M${number % 50}","amount":10000,"currency":"KRW","idempotencyKey":"${key}"}`;
  http.post(`${__ENV.BASE_URL}/payments/authorize`, body, { headers });
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}

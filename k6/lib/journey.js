// One customer's journey, authorize → capture → refund as far as the settings say, with its counters.
// Each 200 is counted with its amount, for the comparison with the ledger; a request with an unknown outcome is printed
// on the console, and the audit repeats it with the same key.
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter, Rate, Trend } from 'k6/metrics';
import config from './config.js';
import { headersWith, idOf } from './keys.js';

const KINDS = ['authorize', 'capture', 'refund'];
const ANSWER_SECONDS = 8; // the platform promises 5
const LIMITED = 429;

const errors = new Rate('errors'); // of all requests, without refusals by the rate limit, which have their own rate
const limited = new Rate('limited');
const seen = Object.fromEntries(
  KINDS.map((kind) => [
    kind,
    {
      duration: new Trend(`${kind}_duration`, true),
      ok: new Counter(`${kind}_ok`),
      amount: new Counter(`${kind}_amount`),
      errors: new Counter(`${kind}_errors`),
      limited: new Counter(`${kind}_limited`),
    },
  ]),
);

http.setResponseCallback(http.expectedStatuses(200, LIMITED));

// The script's setup(): refuses a target that is dead, or that needs keys and got none, in one sentence before any load.
export function refuseDeadTarget() {
  const any = http.expectedStatuses({ min: 200, max: 599 });
  const answer = http.get(`${config.baseUrl}/health`, { responseCallback: any });
  if (answer.status !== 200) {
    const reason = answer.status ? `answers ${answer.status}` : `does not answer (${answer.error})`;
    exec.test.abort(`${config.baseUrl}/health ${reason}: nothing to load.`);
  }
  if (/"auth":\s*"required"/.test(answer.body) && !config.keys.length) {
    exec.test.abort(`${config.baseUrl} takes requests with API keys only; set KEYS_FILE or API_KEY.`);
  }
  return { run: config.run || Date.now().toString(36) };
}

// The payment of this iteration. Amounts differ, so that a lost one and one posted twice do not cancel each other out.
// `payer` is the number of its key; undefined without keys, and then JSON leaves it out, as `merchantId` with them.
function order(run) {
  const number = exec.scenario.iterationInTest;
  const named = config.merchantId || `K6-${run}-${number % config.merchants}`;
  return {
    payer: config.keys.length ? number % config.keys.length : undefined,
    merchantId: config.keys.length ? undefined : named,
    amount: 10000 + (number % 9973),
    currency: 'KRW',
    idempotencyKey: `${run}-${exec.scenario.name}-${number}`,
  };
}

// A refused key is an error of whoever started the load, not of the platform: nothing that follows would be measured.
function abortWhenRefused(answer, apiKey) {
  if (!apiKey || (answer.status !== 401 && answer.status !== 403)) return;
  const [, code] = /"code":\s*"(\w+)"/.exec(answer.body) || [];
  exec.test.abort(`${config.baseUrl} refused the key ${idOf(apiKey)}: ${answer.status} ${code || 'without a code'}.`);
}

function isUnknown(answer) {
  if (answer.status === 503) return /OUTCOME_UNKNOWN|GATEWAY_ERROR/.test(answer.body); // other codes: nothing was done
  return answer.status === 0 || answer.status >= 500;
}

// The answer when it is 200, else null.
function post(kind, path, body, { payer, idempotencyKey: key, amount }) {
  const apiKey = config.keys[payer];
  const answer = http.post(`${config.baseUrl}${path}`, JSON.stringify(body), {
    headers: { ...headersWith(apiKey), 'Idempotency-Key': key },
    tags: { name: kind },
    timeout: `${ANSWER_SECONDS}s`,
  });
  const counted = seen[kind];
  counted.duration.add(answer.timings.duration);
  const ok = answer.status === 200;
  const refused = answer.status === LIMITED;
  limited.add(refused);
  errors.add(!ok && !refused);
  if (ok) {
    counted.ok.add(1);
    counted.amount.add(amount);
    return answer;
  }
  (refused ? counted.limited : counted.errors).add(1);
  abortWhenRefused(answer, apiKey);
  if (isUnknown(answer)) console.log(JSON.stringify({ unknown: kind, path, body, key, amount, payer }));
  return null;
}

// Whether every step was answered 200 with the status that it should lead to.
export function pay(data, { capture, refund }) {
  const ordered = order(data.run);
  const { merchantId, amount, currency } = ordered;
  const authorized = post('authorize', '/payments/authorize', { merchantId, amount, currency }, ordered);
  if (!authorized) return false;
  if (!capture) return authorized.body.includes('"AUTHORIZED"');
  const id = authorized.json('paymentId');
  const captured = post('capture', `/payments/capture/${id}`, { merchantId }, ordered);
  if (!captured || !captured.body.includes('"CAPTURED"')) return false;
  if (!refund) return true;
  const refunded = post('refund', `/payments/refund/${id}`, { merchantId }, ordered);
  return refunded !== null && refunded.body.includes('"REFUNDED"');
}

// The iteration of every profile but smoke, which has its own.
export function payAsConfigured(data) {
  pay(data, { capture: config.enableCapture, refund: config.enableRefund });
}

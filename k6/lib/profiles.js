// Profiles of load: scenarios from rates, thresholds, and the summary at the end.
// Rates are in journeys a second, which arrive whether or not earlier ones have ended.
import config from './config.js';

const LARGEST_SHARE = 0.01; // of requests that may fail, be refused, or not be started in time
const VU_LIMIT = 1000; // journeys under way at once; 2,000 a second within the bounds are 600
const ENDING = '30s'; // for three requests of 8 s: interrupted ones would be in the ledger and not in our counts

export const seconds = (planned) => Math.max(1, Math.round(planned * config.timeScale));
export const perSecond = (planned) => Math.max(1, Math.round(planned * config.rateScale));

function users(rate) {
  const limit = Math.min(VU_LIMIT, Math.max(20, 2 * rate));
  const enough = Math.max(10, Math.ceil(rate / 4)); // while a journey takes 250 ms; more are made when it takes longer
  return { preAllocatedVUs: Math.min(enough, limit), maxVUs: limit, gracefulStop: ENDING };
}

// Stages [seconds, rate at their end].
export function ramping(stages) {
  const scaled = stages.map(([planned, rate]) => ({
    duration: `${seconds(planned)}s`,
    target: rate && perSecond(rate),
  }));
  const peak = Math.max(...scaled.map((stage) => stage.target));
  return { executor: 'ramping-arrival-rate', startRate: 0, timeUnit: '1s', stages: scaled, ...users(peak) };
}

export function constant(rate, duration, startTime = 0) {
  const times = { duration: `${duration}s`, startTime: `${startTime}s` };
  return { executor: 'constant-arrival-rate', rate, timeUnit: '1s', ...times, ...users(rate) };
}

export function journeys(scenario) {
  if (scenario.rate) return scenario.rate * parseInt(scenario.duration, 10);
  let before = scenario.startRate;
  let sum = 0;
  for (const { duration, target } of scenario.stages) {
    sum += ((before + target) / 2) * parseInt(duration, 10);
    before = target;
  }
  return sum;
}

// Thresholds of one scenario when it is named, else of all of them together.
export function bounds(expected, scenario = '') {
  const of = (metric) => (scenario ? `${metric}{scenario:${scenario}}` : metric);
  return {
    [of('errors')]: [`rate<${LARGEST_SHARE}`],
    [of('limited')]: [`rate<${LARGEST_SHARE}`],
    [of('http_req_duration')]: [`p(95)<${config.longestP95Ms}`],
    [of('dropped_iterations')]: [`count<${Math.max(1, Math.ceil(expected * LARGEST_SHARE))}`],
  };
}

// k6's options of a profile with these scenarios.
export function options(scenarios, thresholds) {
  return { summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'], scenarios, thresholds };
}

// The script's handleSummary(): prints each threshold with its value, and writes everything to the file SUMMARY.
export function summarize(data, found = {}, said = []) {
  const lines = Object.entries(data.metrics)
    .filter(([, metric]) => metric.thresholds)
    .map(([name, metric]) => `${name} ${JSON.stringify(metric.values)} ${JSON.stringify(metric.thresholds)}`);
  const text = [...lines, ...said].map((line) => `${line}\n`).join('');
  const file = config.summary ? { [config.summary]: JSON.stringify({ ...data.metrics, ...found }) } : {};
  return { stdout: text, ...file };
}

// Finds the highest rate within the thresholds: steps of constant rates, each with thresholds of its own. It goes on
// beyond the limit, up to MOST_RATE: what an overloaded platform answers with 200 must be in the ledger too. So k6 ends
// with 99 wherever it finds the limit; the last line says where that is.
import config from './lib/config.js';
import { payAsConfigured, refuseDeadTarget } from './lib/journey.js';
import { bounds, constant, journeys, options as profile, perSecond, seconds, summarize } from './lib/profiles.js';

const STEPS = [50, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000];
const STEP = seconds(20);
const rates = STEPS.map(perSecond).filter((rate) => rate <= config.highestRate);
if (!rates.length) throw new Error(`MOST_RATE=${config.highestRate} is below the first step, ${perSecond(STEPS[0])}.`);

const nameOf = (rate) => `rate_${rate}`;
const steps = rates.map((rate, index) => [nameOf(rate), constant(rate, STEP, index * STEP)]);

export const options = profile(
  Object.fromEntries(steps),
  Object.assign({}, ...steps.map(([name, scenario]) => bounds(journeys(scenario), name))),
);
export const setup = refuseDeadTarget;
export default payAsConfigured;

function holds(metrics, rate) {
  return Object.entries(metrics)
    .filter(([name]) => name.endsWith(`{scenario:${nameOf(rate)}}`))
    .every(([, metric]) => Object.values(metric.thresholds || {}).every((threshold) => threshold.ok));
}

export function handleSummary(data) {
  const limit = rates.findIndex((rate) => !holds(data.metrics, rate));
  const highest = limit === 0 ? 0 : rates[limit < 0 ? rates.length - 1 : limit - 1];
  const more = limit < 0 ? ', where it ended: the limit is higher' : '';
  const found = { highest_rate: { type: 'gauge', contains: 'default', values: { value: highest } } };
  return summarize(data, found, [`highest rate within the thresholds: ${highest} a second${more}`]);
}

// A sale begins: from 50 to 400 journeys a second at once, for half a minute. The peak itself may be slow; but requests
// must not fail even then, and afterwards everything must be as fast as before.
import { payAsConfigured, refuseDeadTarget } from './lib/journey.js';
import { bounds, constant, journeys, options as profile, perSecond, seconds, summarize } from './lib/profiles.js';

const [BEFORE, PEAK, SETTLING, AFTER] = [60, 30, 30, 60].map(seconds);
const baseline = perSecond(50);

const scenarios = {
  before: constant(baseline, BEFORE),
  peak: constant(perSecond(400), PEAK, BEFORE),
  settling: constant(baseline, SETTLING, BEFORE + PEAK),
  after: constant(baseline, AFTER, BEFORE + PEAK + SETTLING),
};

export const options = profile(scenarios, {
  errors: ['rate<0.01'],
  limited: ['rate<0.01'],
  ...bounds(journeys(scenarios.before), 'before'),
  ...bounds(journeys(scenarios.after), 'after'),
});
export const setup = refuseDeadTarget;
export default payAsConfigured;
export const handleSummary = (data) => summarize(data);

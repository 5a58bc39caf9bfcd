// The working day of a shop in eight minutes: up to 200 journeys a second, held there, and down again.
import { payAsConfigured, refuseDeadTarget } from './lib/journey.js';
import { bounds, journeys, options as profile, ramping, summarize } from './lib/profiles.js';

const scenario = ramping([[30, 50], [60, 100], [120, 150], [120, 200], [120, 200], [30, 0]]);

export const options = profile({ day: scenario }, bounds(journeys(scenario)));
export const setup = refuseDeadTarget;
export default payAsConfigured;
export const handleSummary = (data) => summarize(data);

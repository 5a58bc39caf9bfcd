// An hour at a rate that is always held: finds what only grows with time (memory, backlogs, connections).
import { payAsConfigured, refuseDeadTarget } from './lib/journey.js';
import { bounds, constant, journeys, options as profile, perSecond, seconds, summarize } from './lib/profiles.js';

const scenario = constant(perSecond(50), seconds(3600));

export const options = profile({ soak: scenario }, bounds(journeys(scenario)));
export const setup = refuseDeadTarget;
export default payAsConfigured;
export const handleSummary = (data) => summarize(data);

// Settings from the environment, read once; a bad value ends the run before it begins, with one sentence.
import { merchantsKeys } from './keys.js';

function refuse(name, value, wanted) {
  throw new Error(`${name}=${value} is not ${wanted}.`);
}

function number(name, fallback, minimum, maximum) {
  const text = __ENV[name] || String(fallback);
  const value = Number(text);
  if (!(value >= minimum && value <= maximum)) refuse(name, text, `a number from ${minimum} to ${maximum}`);
  return value;
}

function whole(name, fallback, minimum, maximum) {
  const value = number(name, fallback, minimum, maximum);
  if (!Number.isInteger(value)) refuse(name, value, `a whole number from ${minimum} to ${maximum}`);
  return value;
}

function flag(name, fallback) {
  const text = (__ENV[name] || String(fallback)).toLowerCase();
  if (text !== 'true' && text !== 'false') refuse(name, text, 'true or false');
  return text === 'true';
}

function address(name, fallback) {
  const text = (__ENV[name] || fallback).replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#\s]+$/.test(text)) refuse(name, text, 'an address like https://host');
  return text;
}

function name(variable, longest) {
  const text = __ENV[variable] || '';
  if (!new RegExp(`^[A-Za-z0-9._-]{0,${longest}}$`).test(text)) {
    refuse(variable, text, `at most ${longest} letters, digits, dots, dashes and underscores`);
  }
  return text;
}

const config = {
  baseUrl: address('BASE_URL', 'http://127.0.0.1:8080'),
  merchantId: name('MERCHANT_ID', 32), // empty: merchants of this run alone, so that no limit of one is reached
  merchants: whole('MERCHANTS', 200, 1, 9999),
  run: name('RUN', 20), // empty: setup makes one
  enableCapture: flag('ENABLE_CAPTURE', false),
  enableRefund: flag('ENABLE_REFUND', false),
  timeScale: number('TIME_SCALE', 1, 0.0001, 100), // 0.1: a tenth of each profile's time
  rateScale: number('RATE_SCALE', 1, 0.001, 100),
  longestP95Ms: whole('LONGEST_P95_MS', 100, 1, 60000), // of every profile but smoke
  highestRate: whole('MOST_RATE', 2000, 1, 100000), // where stress ends
  rate: whole('RATE', 20, 1, 100000), // of smoke
  duration: __ENV.DURATION || '10s', // of smoke
  summary: __ENV.SUMMARY || '',
  keys: merchantsKeys(__ENV), // each says whose payments it makes; none: a merchant's name is enough
};

if (config.enableRefund && !config.enableCapture) {
  throw new Error('ENABLE_REFUND needs ENABLE_CAPTURE: only what was captured can be refunded.');
}
if (config.merchantId && config.keys.length) {
  throw new Error('MERCHANT_ID goes without KEYS_FILE and API_KEY: a key says which merchant it is of.');
}

export default config;

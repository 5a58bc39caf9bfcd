// Merchants' API keys, as KEYS_FILE or API_KEY give them. None of them is ever in an error, a log line or a metric.
import { SharedArray } from 'k6/data';

// Live ones are refused: a load must never move real money.
const KEY = /^po_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/;
const WANTED = "a test merchant's API key (po_test_…)";

function read(file, folder) {
  try {
    return open(file.startsWith('/') ? file : `${folder}/${file}`); // k6 itself looks beside the script
  } catch {
    throw new Error('KEYS_FILE is not a file that can be read.');
  }
}

function keysIn(file, folder) {
  const keys = [];
  read(file, folder)
    .split('\n')
    .map((line) => line.trim())
    .forEach((line, index) => {
      if (!line || line.startsWith('#')) return;
      if (!KEY.test(line)) throw new Error(`KEYS_FILE: line ${index + 1} is not ${WANTED}.`);
      keys.push(line);
    });
  if (!keys.length) throw new Error('KEYS_FILE has no key.');
  return keys;
}

// All keys of the file, else the one, else none: then a merchant's name is enough. Call it while k6 initializes.
export function merchantsKeys({ KEYS_FILE: file, API_KEY, PWD: folder }) {
  const one = (API_KEY || '').trim();
  if (!file && !one) return [];
  return new SharedArray('keys', () => {
    if (file) return keysIn(file, folder);
    if (!KEY.test(one)) throw new Error(`API_KEY is not ${WANTED}.`);
    return [one];
  });
}

// The headers of a request with JSON, and with this key (undefined: with none).
export function headersWith(key) {
  const headers = { 'Content-Type': 'application/json' };
  return key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
}

// A key's public part, which may be shown.
export const idOf = (key) => key.slice(10, 20);

/** Storage across reloads. Where the browser stores nothing (private windows, full), it lasts as long as the page. */
const inMemory = new Map<string, string>();

/** JSON stored under `name`; null when there is none, or when it is not ours. */
export function kept(name: string): unknown {
  const text = inMemory.get(name) ?? stored(name);
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
    inMemory.delete(name);
  } catch {
    inMemory.set(name, text);
  }
}

export function forget(name: string): void {
  inMemory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // nothing was stored
  }
}

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

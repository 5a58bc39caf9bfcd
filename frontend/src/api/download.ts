/** Lists as files: read with the operator's key, then saved by the browser. A file that breaks off is not saved. */
import { ApiProblem, request } from "./client";

/** What has arrived: `rows` without the header. */
export interface Progress {
  bytes: number;
  rows: number;
}

export interface Downloaded extends Progress {
  name: string;
  file: Blob;
}

const QUOTE = 0x22;
const NEW_LINE = 0x0a;

/** Counts the lines of a CSV file as its bytes arrive; a line's end within quotes does not count. */
export class LineCounter {
  lines = 0;
  private quoted = false;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === QUOTE) this.quoted = !this.quoted;
      else if (byte === NEW_LINE && !this.quoted) this.lines += 1;
    }
  }
}

/**
 * Reads a file. Throws ApiProblem: the API's refusal, or DOWNLOAD_BROKEN when the connection breaks in the middle;
 * and AbortError when `signal` stops it.
 */
export async function download(url: string, token: string, signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Downloaded> {
  const response = await request("get", url, { token, signal });
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const counter = new LineCounter();
  let bytes = 0;
  const progress = () => ({ bytes, rows: Math.max(0, counter.lines - 1) });
  try {
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      parts.push(read.value);
      bytes += read.value.byteLength;
      counter.add(read.value);
      onProgress(progress());
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiProblem("DOWNLOAD_BROKEN", error instanceof Error ? error.message : String(error));
  }
  return { ...progress(), name: nameOf(response, url), file: new Blob(parts, { type: response.headers.get("Content-Type") ?? "text/csv" }) };
}

/** The name in Content-Disposition, else the last part of the address. */
export function nameOf(response: Response, url: string): string {
  const given = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return given ?? url.replace(/\?.*$/, "").split("/").at(-1) ?? "list.csv";
}

/** Hands a file to the browser, which stores it as its user has set it. */
export function save({ name, file }: Downloaded): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000); // some browsers read it after the click
}

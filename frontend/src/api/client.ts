/** The API client: typed by the OpenAPI document; every failure is an ApiProblem. */
import { isInteger, isSafeNumber, parse } from "lossless-json";
import type { components, paths } from "./schema";

type Verb = "get" | "post" | "patch";
type Path = keyof paths;
type Operation<P extends Path, V extends Verb> = paths[P][V];
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Success = 200 | 201 | 202;
type Answer<P extends Path, V extends Verb> =
  Operation<P, V> extends { responses: infer R } ? { [S in keyof R & Success]: Json<R[S]> }[keyof R & Success] : never;
type Parameters<P extends Path, V extends Verb, In extends "path" | "query"> =
  Operation<P, V> extends { parameters: infer All } ? (In extends keyof All ? NonNullable<All[In]> : never) : never;
type Body<P extends Path, V extends Verb> =
  Operation<P, V> extends { requestBody: { content: { "application/json": infer B } } } ? B : never;

export interface Options<P extends Path, V extends Verb> {
  path?: Parameters<P, V, "path">;
  query?: Parameters<P, V, "query">;
  body?: Body<P, V>;
  token?: string;
  signal?: AbortSignal;
  /** Statuses besides 2xx that have the answer's body too, as /health's 503. */
  answers?: readonly number[];
  /** What stands before the path, where the same operation is served a second time. */
  under?: "/shop";
}

export type Schema = components["schemas"];
export type ProblemDetails = Schema["ProblemDetails"];

/** What went wrong. `code` is one of the API's, or NETWORK (nothing answered) or UNREADABLE (not our API's answer). */
export class ApiProblem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly retryAfter: number | null = null,
    readonly details: Partial<ProblemDetails> = {},
  ) {
    super(message);
  }
}

export interface Reply<T> {
  data: T;
  status: number;
  replayed: boolean;
}

export async function call<P extends Path, V extends Verb>(
  verb: V,
  path: P,
  options: Options<P, V> = {},
): Promise<Reply<Answer<P, V>>> {
  const response = await request(verb, address(`${options.under ?? ""}${path}`, options.path, options.query), options);
  const data = parsed(await response.text());
  if (data === undefined) throw new ApiProblem("UNREADABLE", "The answer is not JSON.", response.status);
  return { data: data as Answer<P, V>, status: response.status, replayed: response.headers.get("Idempotency-Replayed") === "true" };
}

interface Sent {
  body?: unknown;
  /** A CSV file, sent as it is instead of a body. */
  file?: Blob;
  token?: string;
  signal?: AbortSignal;
  answers?: readonly number[];
}

/** The response to one request, its body unread. Throws ApiProblem for a refusal and when nothing answers. */
export async function request(verb: Verb, url: string, sent: Sent): Promise<Response> {
  let response: Response;
  const content = sent.file !== undefined ? { type: "text/csv", body: sent.file } : sent.body !== undefined ? { type: "application/json", body: JSON.stringify(sent.body) } : null;
  try {
    response = await fetch(url, {
      method: verb.toUpperCase(),
      headers: {
        ...(content === null ? {} : { "Content-Type": content.type }),
        ...(sent.token === undefined ? {} : { Authorization: `Bearer ${sent.token}` }),
      },
      ...(content === null ? {} : { body: content.body }),
      ...(sent.signal === undefined ? {} : { signal: sent.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem("NETWORK", error instanceof Error ? error.message : String(error));
  }
  if (response.ok || sent.answers?.includes(response.status) === true) return response;
  throw problemOf(response, await response.text());
}

export function address(path: string, inPath: object = {}, query: object = {}): string {
  const values = new Map(Object.entries(inPath).map(([name, value]) => [name, encodeURIComponent(String(value))]));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values.get(name) ?? "");
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === "" ? filled : `${filled}?${search}`;
}

/** The gate's codes, where it answers because no instance of the API does, as the API's of the same meaning. */
const GATE: Readonly<Record<string, string>> = {
  GATEWAY_UNAVAILABLE: "SERVICE_UNAVAILABLE",
  GATEWAY_REQUEST_TIMEOUT: "SERVICE_UNAVAILABLE",
  GATEWAY_OUTCOME_UNKNOWN: "OUTCOME_UNKNOWN",
  GATEWAY_TIMEOUT: "OUTCOME_UNKNOWN",
  GATEWAY_ERROR: "OUTCOME_UNKNOWN",
  GATEWAY_RATE_LIMITED: "RATE_LIMIT_EXCEEDED",
};

function problemOf(response: Response, text: string): ApiProblem {
  const details = parsed(text) as Partial<ProblemDetails> | undefined;
  const seconds = Number(response.headers.get("Retry-After") ?? "");
  const retryAfter = Number.isInteger(seconds) && seconds > 0 ? seconds : null;
  if (typeof details?.code !== "string") {
    const code = response.status >= 502 ? "OUTCOME_UNKNOWN" : "UNREADABLE"; // a proxy's page: the outcome is unknown
    return new ApiProblem(code, response.statusText, response.status, retryAfter);
  }
  const code = GATE[details.code] ?? details.code;
  return new ApiProblem(code, details.message ?? code, response.status, retryAfter, details);
}

/** Whole numbers that a `number` cannot hold exactly (sums of the ledger) become a bigint; its type is still number. */
function exact(digits: string): number | bigint {
  return isInteger(digits) && !isSafeNumber(digits) ? BigInt(digits) : Number(digits);
}

function parsed(text: string): unknown {
  try {
    return parse(text, undefined, exact);
  } catch {
    return undefined; // not JSON: the caller decides what that means
  }
}

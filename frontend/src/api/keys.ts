/** Requests about merchants and keys. A key's text is in the answers that make it, and in no query of this file. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Schema } from "./client";

export type Merchant = Schema["Merchant"];
export type Mode = Merchant["mode"];
export type MerchantState = Merchant["state"];
export type Connector = Merchant["connector"];
export type ApiKey = Schema["ApiKey"];
export type NewApiKey = Schema["NewApiKey"];
export type NewKey = Schema["NewKeyBody"];
export type KeyKind = ApiKey["kind"];
export type Scope = ApiKey["scopes"][number];

/** Who is asking. `keyId` null: the admin token. */
export type Caller = Schema["CurrentApiKey"];

const PAGE = 20;
const LISTED_EVERY_MS = 5000;

export async function currentCaller(token: string): Promise<Caller> {
  return (await call("get", "/api-keys/current", { token })).data;
}

/** One merchant by its id, or all of them by pages. */
export function merchantsQuery(token: string, merchantId: string, cursor: string | null) {
  return queryOptions({
    queryKey: ["merchants", merchantId, cursor],
    queryFn: async ({ signal }) => {
      const query = { limit: PAGE, ...(merchantId === "" ? {} : { merchantId }), ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/merchants", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: LISTED_EVERY_MS,
  });
}

/** Which keys: of a merchant, of operators, or one by its id. */
export interface KeyFilter {
  merchantId?: string;
  kind?: KeyKind;
  keyId?: string;
}

export function keysQuery(token: string, filter: KeyFilter, cursor: string | null) {
  return queryOptions({
    queryKey: ["keys", filter, cursor],
    queryFn: async ({ signal }) => {
      const query = { ...filter, limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      return (await call("get", "/api-keys", { query, token, signal })).data;
    },
    placeholderData: keepPreviousData,
    refetchInterval: LISTED_EVERY_MS,
  });
}

export type NewMerchant = Schema["MerchantBody"];
/** When a merchant's day ends, and where it is paid; what is not given stays as it is, and null removes the IBAN. */
export type PayoutChange = Pick<Schema["MerchantChangeBody"], "timeZone" | "iban">;

export async function createMerchant(token: string, merchant: NewMerchant): Promise<Merchant> {
  return (await call("post", "/merchants", { body: merchant, token })).data;
}

export async function changePayoutDetails(token: string, merchantId: string, change: PayoutChange, reason: string): Promise<Merchant> {
  return (await call("patch", "/merchants/{merchant_id}", { path: { merchant_id: merchantId }, body: { ...change, reason }, token })).data;
}

export async function setMerchantState(token: string, merchantId: string, state: MerchantState, reason: string): Promise<Merchant> {
  return (await call("patch", "/merchants/{merchant_id}", { path: { merchant_id: merchantId }, body: { state, reason }, token })).data;
}

export async function setConnector(token: string, merchantId: string, connector: Connector, reason: string): Promise<Merchant> {
  return (await call("patch", "/merchants/{merchant_id}", { path: { merchant_id: merchantId }, body: { connector, reason }, token })).data;
}

export async function createKey(token: string, key: NewKey): Promise<NewApiKey> {
  return (await call("post", "/api-keys", { body: key, token })).data;
}

export async function rotateKey(token: string, keyId: string, overlapSeconds: number): Promise<NewApiKey> {
  return (await call("post", "/api-keys/{key_id}/rotate", { path: { key_id: keyId }, body: { overlapSeconds }, token })).data;
}

export async function revokeKey(token: string, keyId: string, reason: string): Promise<ApiKey> {
  return (await call("post", "/api-keys/{key_id}/revoke", { path: { key_id: keyId }, body: { reason }, token })).data;
}

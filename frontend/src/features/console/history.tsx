/** The answers of `/operations` since the console was opened: polled while it is open, on any tab. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { operationsQuery, samplesQuery, type Operations } from "../../api/operations";
import { useOperator } from "./operator";

interface Watched {
  merchantId: string;
  watch: (merchantId: string) => void;
  now: UseQueryResult<Operations>;
  samples: readonly Operations[];
}

const NONE: readonly Operations[] = [];

const Context = createContext<Watched | null>(null);

export function useHistory(): Watched {
  const watched = use(Context);
  if (watched === null) throw new Error("WithHistory is missing");
  return watched;
}

export function WithHistory({ merchantId: first, children }: { merchantId: string; children: ReactNode }) {
  const { token, may } = useOperator();
  const [merchantId, watch] = useState(first);
  const now = useQuery({ ...operationsQuery(token, merchantId), enabled: may("read") });
  const samples = useQuery(samplesQuery()).data ?? NONE;
  const value = useMemo(() => ({ merchantId, watch, now, samples }), [merchantId, now, samples]);
  return <Context value={value}>{children}</Context>;
}

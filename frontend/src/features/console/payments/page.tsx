/** The search of payments, of all merchants. Its filters and its page are in the address. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Navigate, NavigationType, useLocation, useNavigationType } from "react-router";
import { address } from "../../../api/client";
import { searchQuery, type Found, type FoundPayment } from "../../../api/desk";
import { useTexts } from "../../../i18n/language";
import { useListAddress } from "../../../ui/address";
import { Loading, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import { ExportButton } from "../frame/export-button";
import { isDirect } from "../frame/ids";
import { useOperator } from "../operator";
import { FilterChips } from "./filter-chips";
import { FilterForm } from "./filter-form";
import { given, NAMES, NONE, type Name } from "./filters";
import { queryOf, remember, remembered } from "./remembered";
import { Results } from "./results";
import styles from "./search.module.css";

/** Opened without filters it takes those of the last search; but not by the back button, which shows what was shown. */
export default function PaymentsPage() {
  const { key, search } = useLocation();
  const arrival = useNavigationType();
  const [first] = useState(key);
  const isOpened = arrival !== NavigationType.Pop || key === first;
  const last = search === "" && isOpened ? remembered() : "";
  return last === "" ? <Search /> : <Navigate replace to={`?${last}`} />;
}

function Search() {
  const texts = useTexts();
  const { token } = useOperator();
  const direct = isDirect(useLocation().state);
  const { filters, filter, paging } = useListAddress(NAMES);
  const query = useQuery(searchQuery(token, given(filters), paging.cursor));
  const target = query.isPlaceholderData ? undefined : targetOf(query.data, filters.q);
  const isLookup = direct && !query.isError && (query.data === undefined || query.isPlaceholderData || target !== undefined);
  useEffect(() => {
    if (!isLookup) remember(filters);
  }, [filters, isLookup]);
  const change = (changes: Partial<Record<Name, string>>) => {
    remember({ ...filters, ...changes }); // before the address changes: it would be filled again
    filter(changes);
  };
  if (direct && target !== undefined) return <Navigate replace to={`/console/payments/${target.paymentId}`} />;
  return (
    <>
      <Panel title={texts.search.filters}>
        <FilterForm key={queryOf(filters)} filters={filters} onSearch={change} />
      </Panel>
      <Panel title={texts.search.results} aside={<ExportButton url={address("/operations/payments.csv", {}, filters)} />}>
        <FilterChips filters={filters} onRemove={(names) => { change(Object.fromEntries(names.map((name) => [name, NONE[name]]))); }} />
        {query.isPending && <div className={styles.waiting}><Loading /></div>}
        {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        {query.data !== undefined && !query.isError && <Results found={query.data} filters={filters} paging={paging} old={query.isPlaceholderData} />}
      </Panel>
    </>
  );
}

/** The payment that was looked up: the only one found, or the one with this number (an event of another may have it too). */
function targetOf(found: Found | undefined, q: string): FoundPayment | undefined {
  const only = found?.items.length === 1 && found.nextCursor === null ? found.items[0] : undefined;
  return found?.items.find(({ paymentId }) => String(paymentId) === q) ?? only;
}

import { useQuery } from "@tanstack/react-query";
import { Navigate } from "react-router";
import { keysQuery, merchantsQuery } from "../../../api/keys";
import { useTexts } from "../../../i18n/language";
import { Empty, Loading, Problem } from "../../../ui/notice";
import { merchantPath } from "../frame/ids";
import { useOperator } from "../operator";
import { Keys } from "./keys";
import { MerchantList } from "./merchants";
import { isKeyId } from "./rules";

/** The merchant or the key with this id; both, if there are two. */
export function Found({ id }: { id: string }) {
  const texts = useTexts();
  const { token } = useOperator();
  const merchants = useQuery(merchantsQuery(token, id, null));
  const keys = useQuery({ ...keysQuery(token, { keyId: id }, null), enabled: isKeyId(id) });
  const failed = merchants.error ?? keys.error;
  if (failed !== null) return <Problem error={failed} retry={() => { void merchants.refetch(); void keys.refetch(); }} />;
  if (merchants.data === undefined || (isKeyId(id) && keys.data === undefined)) return <Loading />;
  const found = keys.data?.items[0];
  if (found === undefined && merchants.data.items.length === 0) return <Empty>{texts.keys.noMatch(id)}</Empty>;
  if (found === undefined) return <Navigate replace to={merchantPath(id)} />;
  return (
    <>
      {merchants.data.items.length > 0 && <MerchantList items={merchants.data.items} />}
      <Keys title={texts.keys.key(id)} filter={{ keyId: id }} of={found.merchantId} />
    </>
  );
}

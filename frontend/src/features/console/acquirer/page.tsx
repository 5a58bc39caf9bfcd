/** Acquirers and the operations there: the list, and, at an address of its own, one of them. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, useLocation, useParams } from "react-router";
import { acquirerOperationQuery } from "../../../api/acquirer";
import { useTexts } from "../../../i18n/language";
import { idOf } from "../../../ui/address";
import { buttonClass } from "../../../ui/button";
import { Loading, Problem } from "../../../ui/notice";
import { Panel } from "../../../ui/panel";
import beside from "../beside.module.css";
import { OPERATIONS } from "../frame/ids";
import { useOperator } from "../operator";
import { Acquirers } from "./acquirers";
import { OperationPanel } from "./operation";
import { Operations } from "./operations";

export default function AcquirerPage() {
  const shown = idOf(useParams().id);
  return (
    <>
      <Acquirers />
      <div className={`${beside.beside} ${shown === null ? "" : beside.open}`}>
        <Operations shown={shown} />
        {shown !== null && <OneOperation key={shown} id={shown} />}
      </div>
    </>
  );
}

/** Below the list on narrow screens, where it comes into sight. */
function OneOperation({ id }: { id: number }) {
  const { acquirer } = useTexts();
  const { search } = useLocation();
  const { token } = useOperator();
  const query = useQuery(acquirerOperationQuery(token, id));
  const close = <Link className={buttonClass("quiet", true)} to={`${OPERATIONS}${search}`}>{acquirer.toList}</Link>;
  const side = useRef<HTMLDivElement>(null);
  useEffect(() => { side.current?.scrollIntoView({ block: "nearest" }); }, [query.isPending]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div ref={side} className={beside.side} role="group" aria-label={acquirer.operation(id)} tabIndex={0}>
      {query.data !== undefined ? (
        <OperationPanel operation={query.data} aside={close} />
      ) : (
        <Panel title={acquirer.operation(id)} aside={close}>
          {query.isPending && <Loading />}
          {query.isError && <Problem error={query.error} retry={() => { void query.refetch(); }} />}
        </Panel>
      )}
    </div>
  );
}

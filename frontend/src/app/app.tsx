import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, type ReactNode } from "react";
import { BrowserRouter, Link, Route, Routes } from "react-router";
import { ApiProblem } from "../api/client";
import { OrderPage } from "../features/checkout/order-page";
import { OrdersPage } from "../features/checkout/orders-page";
import { ShopPage } from "../features/checkout/shop-page";
import { LanguageProvider, useTexts } from "../i18n/language";
import { Button, buttonClass } from "../ui/button";
import { Loading } from "../ui/notice";
import { Boundary } from "./boundary";
import { PATHS } from "./routes";
import { Shell } from "./shell";
import styles from "./shell.module.css";

// Shoppers do not load the operators' pages.
const ConsolePage = lazy(async () => ({ default: (await import("../features/console/console-page")).ConsolePage }));

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal is an answer; only temporary failures are retried, and pollers repeat anyway.
      retry: (failures, error) => failures < 2 && error instanceof ApiProblem && ["NETWORK", "SERVICE_UNAVAILABLE"].includes(error.code),
      staleTime: 500,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

export function App() {
  return (
    <QueryClientProvider client={client}>
      <LanguageProvider>
        <BrowserRouter>
          <Shell>
            <Boundary fallback={<Broken />}>
              <Suspense fallback={<Loading />}>
                <Routes>
                  <Route path={PATHS.shop} element={<ShopPage />} />
                  <Route path={PATHS.orders} element={<OrdersPage />} />
                  <Route path={PATHS.order} element={<OrderPage />} />
                  <Route path={PATHS.console} element={<ConsolePage />}>
                    <Route path={PATHS.section} element={null} />
                    <Route path={PATHS.item} element={null} />
                  </Route>
                  <Route path="*" element={<NotHere />} />
                </Routes>
              </Suspense>
            </Boundary>
          </Shell>
        </BrowserRouter>
      </LanguageProvider>
    </QueryClientProvider>
  );
}

function Lost({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.lost}>
      <h1>{title}</h1>
      {children}
    </div>
  );
}

function NotHere() {
  const texts = useTexts();
  return <Lost title={texts.shell.notHere}><Link to="/" className={buttonClass("primary")}>{texts.shell.home}</Link></Lost>;
}

function Broken() {
  const texts = useTexts();
  return <Lost title={texts.shell.broke}><Button kind="primary" onClick={() => { window.location.reload(); }}>{texts.shell.reload}</Button></Lost>;
}

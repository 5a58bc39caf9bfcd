import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Paths of the API; all others of its port are the shop's.
const API = ["/payments", "/shop", "/ledger", "/audit", "/dead-letters", "/outbox", "/circuit-breaker", "/operations", "/operator-actions", "/merchants", "/acquirer", "/api-keys", "/settlements", "/settlement-batches", "/settlement-adjustments", "/payout-files", "/fee-schedules", "/reconciliation", "/health", "/openapi.json", "/docs"];
const target = process.env.PAYOPS_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    target: "es2023",
  },
  server: { port: 5173, strictPort: true, proxy: Object.fromEntries(API.map((path) => [path, { target }])) },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});

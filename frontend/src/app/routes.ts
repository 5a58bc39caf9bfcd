/** The paths that are pages of the store. The servers answer exactly these with it; a test compares. */
export const PATHS = {
  store: "/",
  orders: "/orders",
  order: "/orders/:paymentId",
  console: "/console",
  section: "/console/:section",
} as const;

/** The paths that are pages of the shop. The servers answer exactly these with it; a test compares. */
export const PATHS = {
  shop: "/",
  orders: "/orders",
  order: "/orders/:paymentId",
  console: "/console",
  section: "/console/:section",
} as const;

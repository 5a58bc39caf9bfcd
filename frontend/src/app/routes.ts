/** The paths of the shop's pages. The servers serve the shop at exactly these; a test compares. */
export const PATHS = {
  shop: "/",
  orders: "/orders",
  order: "/orders/:paymentId",
  console: "/console",
  section: "/console/:section",
  item: "/console/:section/:id",
} as const;

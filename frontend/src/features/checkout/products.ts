/** The shop's products. Prices are whole minor units of each currency, set by hand: nothing is converted. */

export const CURRENCIES = ["KRW", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];
export type Category = "phones" | "computers" | "home";
export type Shape = "phone" | "tablet" | "laptop" | "vacuum" | "purifier" | "lamp" | "speaker";

export interface Product {
  id: string;
  name: string;
  maker: string;
  category: Category;
  shape: Shape;
  /** Hue of its picture, and how many lenses a phone has. */
  hue: number;
  lenses?: number;
  price: Record<Currency, number>;
}

export const CATEGORIES: readonly Category[] = ["phones", "computers", "home"];

export const PRODUCTS: readonly Product[] = [
  { id: "iphone", name: "iPhone 17 Pro", maker: "Apple", category: "phones", shape: "phone", hue: 28, lenses: 3, price: { KRW: 1_790_000, USD: 109_900 } },
  { id: "galaxy", name: "Galaxy S26 Ultra", maker: "Samsung", category: "phones", shape: "phone", hue: 262, lenses: 4, price: { KRW: 1_698_400, USD: 129_999 } },
  { id: "pixel", name: "Pixel 10", maker: "Google", category: "phones", shape: "phone", hue: 198, lenses: 2, price: { KRW: 1_190_000, USD: 79_900 } },
  { id: "flip", name: "Galaxy Z Flip7", maker: "Samsung", category: "phones", shape: "phone", hue: 320, lenses: 2, price: { KRW: 1_485_000, USD: 109_999 } },
  { id: "ipad", name: "iPad Air", maker: "Apple", category: "computers", shape: "tablet", hue: 212, price: { KRW: 949_000, USD: 59_900 } },
  { id: "tab", name: "Galaxy Tab S11", maker: "Samsung", category: "computers", shape: "tablet", hue: 150, price: { KRW: 998_800, USD: 79_999 } },
  { id: "macbook", name: "MacBook Air", maker: "Apple", category: "computers", shape: "laptop", hue: 40, price: { KRW: 1_590_000, USD: 99_900 } },
  { id: "gram", name: "gram 16", maker: "LG", category: "computers", shape: "laptop", hue: 330, price: { KRW: 1_849_000, USD: 139_950 } },
  { id: "vacuum", name: "Robot vacuum", maker: "Roborock", category: "home", shape: "vacuum", hue: 12, price: { KRW: 1_290_000, USD: 84_999 } },
  { id: "purifier", name: "Air purifier", maker: "Coway", category: "home", shape: "purifier", hue: 176, price: { KRW: 329_000, USD: 22_950 } },
  { id: "lamp", name: "Reading lamp", maker: "Louis Poulsen", category: "home", shape: "lamp", hue: 48, price: { KRW: 415_000, USD: 31_000 } },
  { id: "speaker", name: "Shelf speaker", maker: "Marshall", category: "home", shape: "speaker", hue: 350, price: { KRW: 398_000, USD: 29_999 } },
];

export function productOf(id: string | undefined): Product | undefined {
  return PRODUCTS.find((product) => product.id === id);
}

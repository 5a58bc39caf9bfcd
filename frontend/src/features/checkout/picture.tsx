/** Drawings of the products: our own, so that nothing is fetched and no brand's photograph is used. */
import type { CSSProperties, ReactNode } from "react";
import styles from "./picture.module.css";
import type { Product, Shape } from "./products";

const { body, dark, light, shade, glow } = styles;

function phone(lenses: number): ReactNode {
  const spots = [[86, 50], [86, 70], [104, 60], [104, 42]].slice(0, lenses);
  return (
    <>
      <rect className={shade} x="112" y="36" width="60" height="118" rx="12" />
      <rect className={dark} x="116" y="41" width="52" height="108" rx="8" />
      <path className={body} d="M116 96c20-22 34 12 52-14v59a8 8 0 0 1-8 8h-36a8 8 0 0 1-8-8z" />
      <rect className={body} x="70" y="30" width="66" height="128" rx="14" />
      <rect className={light} x="76" y="36" width="38" height={lenses > 2 ? 46 : 44} rx="11" />
      {spots.map(([x, y]) => <circle key={`${x},${y}`} className={dark} cx={x} cy={y} r="7" />)}
      {spots.map(([x = 0, y = 0]) => <circle key={`${x}.${y}`} className={light} cx={x - 2} cy={y - 2} r="2" />)}
    </>
  );
}

const SHAPES: Record<Exclude<Shape, "phone">, ReactNode> = {
  tablet: (
    <>
      <rect className={shade} x="60" y="38" width="124" height="116" rx="12" />
      <rect className={body} x="54" y="34" width="124" height="116" rx="12" />
      <rect className={dark} x="62" y="42" width="108" height="100" rx="6" />
      <path className={light} d="M62 116c26-36 44 6 66-24 16-20 30-6 42-14v58a6 6 0 0 1-6 6H68a6 6 0 0 1-6-6z" />
      <circle className={glow} cx="84" cy="64" r="10" />
      <rect className={light} x="190" y="46" width="7" height="98" rx="3.5" />
    </>
  ),
  laptop: (
    <>
      <rect className={body} x="58" y="42" width="124" height="84" rx="9" />
      <rect className={dark} x="65" y="49" width="110" height="70" rx="4" />
      <path className={shade} d="M65 104c30-30 44 4 64-20 14-16 30-8 46-18v49a4 4 0 0 1-4 4H69a4 4 0 0 1-4-4z" />
      <path className={light} d="M40 130h160l-8 14a8 8 0 0 1-7 4H55a8 8 0 0 1-7-4z" />
      <rect className={shade} x="102" y="130" width="36" height="5" rx="2.5" />
    </>
  ),
  vacuum: (
    <>
      <ellipse className={shade} cx="120" cy="112" rx="70" ry="40" />
      <ellipse className={body} cx="120" cy="100" rx="70" ry="40" />
      <ellipse className={light} cx="120" cy="96" rx="54" ry="28" />
      <ellipse className={dark} cx="120" cy="90" rx="20" ry="10" />
      <ellipse className={body} cx="120" cy="86" rx="20" ry="10" />
      <circle className={glow} cx="120" cy="116" r="3.5" />
    </>
  ),
  purifier: (
    <>
      <rect className={shade} x="82" y="34" width="84" height="122" rx="20" />
      <rect className={body} x="76" y="30" width="84" height="126" rx="20" />
      <ellipse className={dark} cx="118" cy="46" rx="30" ry="8" />
      <circle className={light} cx="118" cy="84" r="16" />
      <circle className={body} cx="118" cy="84" r="10" />
      {[112, 122, 132, 142].map((y) => <rect key={y} className={light} x="90" y={y} width="56" height="4" rx="2" />)}
    </>
  ),
  lamp: (
    <>
      <path className={glow} d="M86 78 58 152h124l-28-74z" />
      <path className={body} d="M100 34h40l26 46H74z" />
      <path className={light} d="M104 34h12L96 80H74z" />
      <rect className={dark} x="117" y="80" width="6" height="70" />
      <ellipse className={dark} cx="120" cy="152" rx="32" ry="7" />
    </>
  ),
  speaker: (
    <>
      <rect className={dark} x="56" y="50" width="128" height="104" rx="14" />
      <rect className={body} x="62" y="56" width="116" height="92" rx="9" />
      <circle className={dark} cx="98" cy="104" r="28" />
      <circle className={light} cx="98" cy="104" r="12" />
      <circle className={dark} cx="150" cy="112" r="17" />
      <circle className={light} cx="150" cy="112" r="6" />
      <rect className={light} x="134" y="68" width="32" height="8" rx="4" />
      <path className={dark} d="M92 50a28 18 0 0 1 56 0h-6a22 12 0 0 0-44 0z" />
    </>
  ),
};

export function Picture({ product }: { product: Product }) {
  return (
    <svg className={styles.picture} viewBox="0 0 240 190" aria-hidden="true" style={{ "--hue": product.hue } as CSSProperties}>
      <rect className={styles.back} width="240" height="190" />
      <ellipse className={styles.floor} cx="120" cy="158" rx="82" ry="10" />
      {product.shape === "phone" ? phone(product.lenses ?? 2) : SHAPES[product.shape]}
    </svg>
  );
}

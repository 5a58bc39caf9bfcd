/** What to say about a text that is no amount; `most` is the largest one as it is shown. */
import type { Misread } from "../money/money";

type Said = Record<Misread, (most: string, decimals: number) => string>;

const example = (decimals: number) => `12.${"500".slice(0, decimals)}`;

export const misreadInEnglish: Said = {
  comma: (most, decimals) =>
    `A comma only groups thousands, as in 1,234${decimals === 0 ? "" : `; decimals come after a point, as in ${example(decimals)}`}. Enter up to ${most}.`,
  decimals: (most, decimals) => `${decimals === 0 ? "This currency has no decimals." : `At most ${decimals} decimals.`} Enter up to ${most}.`,
  range: (most) => `Enter an amount of up to ${most}.`,
  format: (most) => `Enter an amount in digits, up to ${most}.`,
};

export const misreadInKorean: Said = {
  comma: (most, decimals) =>
    `쉼표는 1,234처럼 천 단위를 나눌 때만 쓰세요${decimals === 0 ? "" : `. 소수는 ${example(decimals)}처럼 점 뒤에 씁니다`}. ${most} 이하의 금액을 입력하세요.`,
  decimals: (most, decimals) => `${decimals === 0 ? "이 통화에는 소수가 없습니다." : `소수는 ${decimals}자리까지입니다.`} ${most} 이하의 금액을 입력하세요.`,
  range: (most) => `${most} 이하의 금액을 입력하세요.`,
  format: (most) => `${most} 이하의 금액을 숫자로 입력하세요.`,
};

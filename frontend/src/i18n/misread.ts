/** Messages about a text that is not an amount; `limit` is the largest amount, formatted. */
import type { Misread } from "../money/money";

type Said = Record<Misread, (limit: string, decimals: number) => string>;

const example = (decimals: number) => `12.${"500".slice(0, decimals)}`;

export const misreadInEnglish: Said = {
  comma: (limit, decimals) =>
    `A comma only groups thousands, as in 1,234${decimals === 0 ? "" : `; decimals come after a point, as in ${example(decimals)}`}. Enter up to ${limit}.`,
  decimals: (limit, decimals) => `${decimals === 0 ? "This currency has no decimals." : `At most ${decimals} decimals.`} Enter up to ${limit}.`,
  range: (limit) => `Enter an amount of up to ${limit}.`,
  format: (limit) => `Enter an amount in digits, up to ${limit}.`,
};

export const misreadInKorean: Said = {
  comma: (limit, decimals) =>
    `쉼표는 1,234처럼 천 단위를 나눌 때만 쓰세요${decimals === 0 ? "" : `. 소수는 ${example(decimals)}처럼 점 뒤에 씁니다`}. ${limit} 이하의 금액을 입력하세요.`,
  decimals: (limit, decimals) => `${decimals === 0 ? "이 통화에는 소수가 없습니다." : `소수는 ${decimals}자리까지입니다.`} ${limit} 이하의 금액을 입력하세요.`,
  range: (limit) => `${limit} 이하의 금액을 입력하세요.`,
  format: (limit) => `${limit} 이하의 금액을 숫자로 입력하세요.`,
};

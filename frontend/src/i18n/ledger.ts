/** Texts of the ledger page. */

export const ledgerInEnglish = {
  balances: "Trial balance",
  account: "Account",
  debits: "Debits",
  credits: "Credits",
  balance: "Balance",
  totals: "Total",
  audit: "Audit",
  auditNone: "No audit has run yet.",
  agrees: "Ledger and payments agree",
  differs: (count: number) => `${count} differences`,
  inFlight: (count: number) => `${count} events in flight`,
  entries: "Entries",
  time: "Posted",
  empty: "No postings yet.",
};

export const ledgerInKorean: typeof ledgerInEnglish = {
  balances: "시산표",
  account: "계정",
  debits: "차변",
  credits: "대변",
  balance: "잔액",
  totals: "합계",
  audit: "감사",
  auditNone: "아직 감사가 실행되지 않았습니다.",
  agrees: "원장과 결제가 일치합니다",
  differs: (count) => `차이 ${count}건`,
  inFlight: (count) => `처리 중 이벤트 ${count}건`,
  entries: "분개 내역",
  time: "기장",
  empty: "아직 분개가 없습니다.",
};

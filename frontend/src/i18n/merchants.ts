/** Texts about when a merchant's day ends and where it is paid. */
export const merchantsInEnglish = {
  timeZone: "Time zone",
  timeZoneHint: "Its day ends there at midnight, and with it a settlement batch. As Europe/Berlin.",
  iban: "IBAN",
  ibanHint: "Where it is paid; needed for pain.001.",
  noIban: "no IBAN",
  dayOf: (zone: string) => `Days of ${zone}`,
  account: (iban: string) => `IBAN ${iban}`,
  change: "Payout details …",
  changeTitle: (id: string) => `Payout details of ${id}`,
  changeQuestion: "They count for batches that are not closed and payout files that are not made yet.",
  removal: {
    LIVE: "The IBAN will be removed. A pain.001 file that would pay this merchant is then refused, with all others in it. CSV files need no IBAN.",
    TEST: "The IBAN will be removed. Test merchants are in CSV files alone, which need none.",
  },
  unchanged: "Nothing is changed yet.",
  changeAction: "Change",
  changed: (id: string) => `Payout details of ${id} are changed.`,
};

export const merchantsInKorean: typeof merchantsInEnglish = {
  timeZone: "시간대",
  timeZoneHint: "이 시간대의 자정에 하루와 정산이 마감됩니다. 예: Asia/Seoul.",
  iban: "IBAN",
  ibanHint: "지급받을 계좌이며 pain.001에 필요합니다.",
  noIban: "IBAN 없음",
  dayOf: (zone) => `${zone} 기준일`,
  account: (iban) => `IBAN ${iban}`,
  change: "지급 정보 …",
  changeTitle: (id) => `${id}의 지급 정보`,
  changeQuestion: "아직 마감되지 않은 정산과 아직 만들지 않은 지급 파일부터 적용됩니다.",
  removal: {
    LIVE: "IBAN이 삭제됩니다. 그러면 이 가맹점에 지급할 pain.001 파일은 다른 가맹점의 지급까지 모두 거부됩니다. CSV 파일에는 IBAN이 필요 없습니다.",
    TEST: "IBAN이 삭제됩니다. 테스트 가맹점은 IBAN이 필요 없는 CSV 파일에만 들어갑니다.",
  },
  unchanged: "아직 변경한 내용이 없습니다.",
  changeAction: "변경",
  changed: (id) => `${id}의 지급 정보를 바꾸었습니다.`,
};

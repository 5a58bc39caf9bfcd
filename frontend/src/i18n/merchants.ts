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
  changeAction: "변경",
  changed: (id) => `${id}의 지급 정보를 바꾸었습니다.`,
};

/** Texts of the findings of audits. */

export const auditInEnglish = {
  title: "Findings of the audit",
  about: "A finding stays open until a check of its payment finds it no more.",
  none: "Nothing of this kind was found.",
  states: { OPEN: "Open", CLEARED: "Cleared" },
  kind: "Kind",
  kinds: {
    ledger: "Ledger", outbox: "Outbox", answers: "Stored answers", orphan_posting: "Posting without event", stuck: "Event not posted",
  },
  detail: "What differs",
  first: "First seen",
  last: "Last seen, or cleared",
};

export const auditInKorean: typeof auditInEnglish = {
  title: "감사에서 발견한 차이",
  about: "해당 결제를 다시 확인해 차이가 없어질 때까지 열려 있습니다.",
  none: "해당하는 차이가 없습니다.",
  states: { OPEN: "열림", CLEARED: "해소됨" },
  kind: "종류",
  kinds: { ledger: "원장", outbox: "아웃박스", answers: "저장된 응답", orphan_posting: "이벤트 없는 분개", stuck: "기록되지 않은 이벤트" },
  detail: "차이 내용",
  first: "처음 발견",
  last: "마지막 확인 또는 해소",
};

/** Texts of what an operator can do to a payment. */

export const deskChangeInEnglish = {
  title: "What can be done now",
  nothing: "Nothing is left to capture, refund or void.",
  upTo: (amount: string) => `up to ${amount}`,
  whole: (amount: string) => `the open ${amount}`,
  open: { capture: "Capture …", refund: "Refund …", void: "Void …" },
  dialog: {
    capture: (id: number) => `Capture payment ${id}`,
    refund: (id: number) => `Refund payment ${id}`,
    void: (id: number) => `Void payment ${id}`,
  },
  ask: {
    capture: (amount: string, merchant: string) => `${amount} is captured for ${merchant}.`,
    refund: (amount: string, merchant: string) => `${amount} is refunded at the expense of ${merchant}.`,
    void: (amount: string, merchant: string) => `The ${amount} of ${merchant} that is not captured is released. It cannot be captured any more.`,
  },
  noAmount: "Enter an amount.",
  act: {
    capture: (amount: string) => `Capture ${amount}`,
    refund: (amount: string) => `Refund ${amount}`,
    void: (amount: string) => `Void ${amount}`,
  },
  amount: { capture: "Amount to capture", refund: "Amount to refund" },
  reason: "Reason",
  reasonHint: "It is kept in the list of operators' actions.",
  done: {
    capture: (amount: string) => `Captured ${amount}.`,
    refund: (amount: string) => `Refunded ${amount}.`,
    void: (amount: string) => `Voided ${amount}.`,
  },
  undecided: (what: string) => `${what}: it is not known whether this was done. Try again; it is done once.`,
};

export const deskChangeInKorean: typeof deskChangeInEnglish = {
  title: "지금 할 수 있는 작업",
  nothing: "매입, 환불, 승인 취소할 금액이 없습니다.",
  upTo: (amount) => `최대 ${amount}`,
  whole: (amount) => `미매입 ${amount}`,
  open: { capture: "매입 …", refund: "환불 …", void: "승인 취소 …" },
  dialog: {
    capture: (id) => `결제 ${id} 매입`,
    refund: (id) => `결제 ${id} 환불`,
    void: (id) => `결제 ${id} 승인 취소`,
  },
  ask: {
    capture: (amount, merchant) => `${merchant} 가맹점의 결제를 ${amount}만큼 매입합니다.`,
    refund: (amount, merchant) => `${merchant} 가맹점의 부담으로 ${amount}만큼 환불합니다.`,
    void: (amount, merchant) => `${merchant} 가맹점 결제의 미매입 금액 ${amount} 전부를 승인 취소합니다. 이후에는 매입할 수 없습니다.`,
  },
  noAmount: "금액을 입력하세요.",
  act: {
    capture: (amount) => `${amount} 매입`,
    refund: (amount) => `${amount} 환불`,
    void: (amount) => `${amount} 승인 취소`,
  },
  amount: { capture: "매입할 금액", refund: "환불할 금액" },
  reason: "사유",
  reasonHint: "운영자 작업 목록에 남습니다.",
  done: {
    capture: (amount) => `${amount} 매입 완료`,
    refund: (amount) => `${amount} 환불 완료`,
    void: (amount) => `${amount} 승인 취소 완료`,
  },
  undecided: (what) => `${what}: 처리되었는지 알 수 없습니다. 다시 시도하세요. 한 번만 처리됩니다.`,
};

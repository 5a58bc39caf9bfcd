/** Texts of payout files and adjustments. */
import type { Answer } from "../api/settlements";

interface AnswerTexts {
  open: string;
  of: (id: number) => string;
  title: (id: number) => string;
  question: (amount: string, merchant: string) => string;
  action: string;
}
const answersInEnglish: Record<Answer, AnswerTexts> = {
  agree: {
    open: "Agree …",
    of: (id) => `Agree … to adjustment ${id}`,
    title: (id) => `Agree to adjustment ${id}`,
    question: (amount, merchant) => `${amount} for ${merchant}. It is posted at once.`,
    action: "Agree",
  },
  withdraw: {
    open: "Withdraw …",
    of: (id) => `Withdraw … adjustment ${id}`,
    title: (id) => `Withdraw adjustment ${id}`,
    question: (amount, merchant) => `${amount} for ${merchant}. It is never posted. This is final.`,
    action: "Withdraw",
  },
};
const answersInKorean: Record<Answer, AnswerTexts> = {
  agree: {
    open: "동의 …",
    of: (id) => `조정 ${id}에 동의 …`,
    title: (id) => `조정 ${id}에 동의`,
    question: (amount, merchant) => `${merchant}: ${amount}. 바로 기장됩니다.`,
    action: "동의",
  },
  withdraw: {
    open: "철회 …",
    of: (id) => `조정 ${id} 철회 …`,
    title: (id) => `조정 ${id} 철회`,
    question: (amount, merchant) => `${merchant}: ${amount}. 기장되지 않으며, 되돌릴 수 없습니다.`,
    action: "철회",
  },
};

export const payoutsInEnglish = {
  filesAbout: "A payout file has each approved batch of one currency once. The bank carries it out; then confirm each batch, or mark it as returned.",
  noFiles: "No payout file yet.",
  newFile: "New payout file …",
  fileQuestion: "The approved batches of the currency come into it, the oldest first; those of suspended merchants wait. A file is never written again.",
  createFile: "Create file",
  fileMade: (name: string, payouts: number, total: string) => `${name}: ${payouts} ${payouts === 1 ? "payout" : "payouts"}, ${total}.`,
  mode: "Money",
  modes: { LIVE: "Live merchants", TEST: "Test merchants" },
  format: "Format",
  formats: { CSV: "CSV", PAIN_001: "pain.001 (SEPA in EUR)" },
  formatHint: "pain.001 needs the IBAN of the platform and of each merchant.",
  name: "Name",
  payouts: "Payouts",
  total: "Total",
  createdBy: "By",
  created: "Created",
  download: "Download",
  adjustmentsAbout: "What a merchant gets or owes besides its payments, against the platform's fees. It comes into the merchant's next batch.",
  noAdjustments: "No adjustment yet.",
  newAdjustment: "New adjustment …",
  adjustmentQuestion: "Above a limit it waits for a second operator, with another key.",
  madeBefore: "What you sent from this dialog before is an adjustment already. Close it and look at the list.",
  direction: "Direction",
  directions: { credit: "To the merchant", debit: "From the merchant" },
  propose: "Add adjustment",
  amountNeeded: (currency: string) => `An amount in ${currency}, without a sign.`,
  proposedBy: "Proposed by",
  agreedBy: "Agreed by",
  doneAs: {
    posted: (id: number) => `Adjustment ${id} is posted.`,
    waiting: (id: number) => `Adjustment ${id} waits for a second operator.`,
    withdrawn: (id: number) => `Adjustment ${id} is withdrawn.`,
  },
  adjustmentStates: { posted: "Posted", waiting: "Second operator needed", withdrawn: "Withdrawn" },
  withdrawnBy: (who: string) => `withdrawn by ${who}`,
  reason: "Reason",
  answers: answersInEnglish,
};

export const payoutsInKorean: typeof payoutsInEnglish = {
  filesAbout: "지급 파일에는 한 통화의 승인된 정산이 한 번씩 들어갑니다. 은행이 처리한 뒤 정산마다 지급을 확인하거나 반송으로 표시하세요.",
  noFiles: "아직 지급 파일이 없습니다.",
  newFile: "새 지급 파일 …",
  fileQuestion: "이 통화의 승인된 정산이 오래된 것부터 들어갑니다. 정지된 가맹점의 정산은 제외됩니다. 파일은 다시 작성되지 않습니다.",
  createFile: "파일 만들기",
  fileMade: (name, payouts, total) => `${name}: 지급 ${payouts}건, ${total}.`,
  mode: "대상",
  modes: { LIVE: "실제 가맹점", TEST: "테스트 가맹점" },
  format: "형식",
  formats: { CSV: "CSV", PAIN_001: "pain.001 (유로 SEPA)" },
  formatHint: "pain.001에는 플랫폼과 각 가맹점의 IBAN이 필요합니다.",
  name: "이름",
  payouts: "지급 건수",
  total: "합계",
  createdBy: "작성자",
  created: "생성",
  download: "내려받기",
  adjustmentsAbout: "결제 외에 가맹점이 받거나 내야 할 금액이며, 플랫폼 수수료에서 처리합니다. 가맹점의 다음 정산에 들어갑니다.",
  noAdjustments: "아직 조정이 없습니다.",
  newAdjustment: "새 조정 …",
  adjustmentQuestion: "한도를 넘으면 다른 키를 쓰는 두 번째 운영자를 기다립니다.",
  madeBefore: "이 창에서 먼저 보낸 조정이 이미 등록되었습니다. 창을 닫고 목록을 확인하세요.",
  direction: "방향",
  directions: { credit: "가맹점에 지급", debit: "가맹점에서 차감" },
  propose: "조정 추가",
  amountNeeded: (currency) => `부호 없이 ${currency} 금액을 입력하세요.`,
  proposedBy: "제안자",
  agreedBy: "동의자",
  doneAs: {
    posted: (id) => `조정 ${id}이(가) 기장되었습니다.`,
    waiting: (id) => `조정 ${id}은(는) 두 번째 운영자를 기다립니다.`,
    withdrawn: (id) => `조정 ${id}을(를) 철회했습니다.`,
  },
  adjustmentStates: { posted: "기장됨", waiting: "두 번째 운영자 필요", withdrawn: "철회됨" },
  withdrawnBy: (who) => `${who} 철회`,
  reason: "사유",
  answers: answersInKorean,
};

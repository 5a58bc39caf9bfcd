/** Texts about who works at the console: the login, and what the key may do. */

const MEMORY = "It stays in this page's memory and is gone when you reload.";
const MEMORY_KO = "이 페이지의 메모리에만 있으며 새로 고치면 사라집니다.";

export const operatorInEnglish = {
  title: "Operator console",
  key: "Operator's key",
  hint: {
    open: `Or the admin token, which \`make run\` prints. ${MEMORY}`,
    required: `\`payops keys create --operator --name …\` makes one. ${MEMORY}`,
    unknown: MEMORY,
  },
  enter: "Open the console",
  leave: "Forget the key",
  ended: (why: string) => `You have to enter a key again: ${why}`,
  sameAddress: "The page that you were on opens after that.",
  ofMerchant: (merchantId: string) => `This is a key of merchant ${merchantId}. The console needs an operator's key.`,
  who: "Who is asking",
  adminToken: "Admin token",
  until: (time: string) => `until ${time}`,
  openMode: "Merchants need no key here: their name is enough.",
  mayNot: "Your key does not open this page",
  mayNotHint: (scopes: string) => `It needs the scope ${scopes}.`,
};

export const operatorInKorean: typeof operatorInEnglish = {
  title: "운영자 콘솔",
  key: "운영자 키",
  hint: {
    open: `\`make run\`이 출력하는 관리자 토큰도 됩니다. ${MEMORY_KO}`,
    required: `\`payops keys create --operator --name …\`으로 만듭니다. ${MEMORY_KO}`,
    unknown: MEMORY_KO,
  },
  enter: "콘솔 열기",
  leave: "키 지우기",
  ended: (why) => `키를 다시 입력해야 합니다: ${why}`,
  sameAddress: "입력하면 보고 있던 페이지가 다시 열립니다.",
  ofMerchant: (merchantId) => `가맹점 ${merchantId}의 키입니다. 콘솔에는 운영자 키가 필요합니다.`,
  who: "로그인한 운영자",
  adminToken: "관리자 토큰",
  until: (time) => `${time}까지`,
  openMode: "이 서버에서는 가맹점에 키가 필요 없습니다. 가맹점 이름이면 됩니다.",
  mayNot: "이 키로는 볼 수 없는 페이지입니다",
  mayNotHint: (scopes) => `필요한 권한: ${scopes}`,
};

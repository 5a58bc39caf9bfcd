/** Texts of the list of operators' actions. */

export const actionsInEnglish = {
  title: "Operators' actions",
  about: "What people and housekeeping did, newest first. Nothing is ever deleted here.",
  none: "Nobody has done anything yet.",
  at: "At",
  actor: "By",
  action: "Action",
  target: "Target",
  detail: "Reason or detail",
};

export const actionsInKorean: typeof actionsInEnglish = {
  title: "운영자 작업",
  about: "사람과 정기 작업이 수행한 일입니다. 최신순이며 삭제되지 않습니다.",
  none: "아직 수행된 작업이 없습니다.",
  at: "시각",
  actor: "수행자",
  action: "작업",
  target: "대상",
  detail: "사유 또는 내용",
};

/** Texts of parked events. */

export const outboxInEnglish = {
  title: "Parked events",
  about: "Kafka refused each of these for its own sake: too large, its topic deleted, no permission. Later events of the same payment wait behind it; all others go on.",
  none: "No event is parked.",
  event: (id: number) => `event ${id}`,
  of: "Belongs to",
  aggregate: { payment: "Payment", dead_letter: "Dead letter", replay: "Replay of dead letter" },
  behind: "Waiting behind",
  since: "Parked",
  release: "Release",
  discard: "Discard",
  ask: {
    release: "Hand this event to the relay again? Fix what Kafka refused first, or it is parked again.",
    discard: "Discard this announcement for good? It moves no money; the dead letter of a replay is open again.",
  },
  reasonNeeded: "Say why; it is kept in the list of operators' actions.",
  done: {
    release: (id: number) => `Event ${id} waits for the relay.`,
    discard: (id: number) => `Event ${id} is discarded.`,
  },
};

export const outboxInKorean: typeof outboxInEnglish = {
  title: "보류된 이벤트",
  about: "Kafka가 이벤트 자체의 문제로 거부했습니다: 너무 크거나, 토픽이 삭제되었거나, 권한이 없습니다. 같은 결제의 다음 이벤트는 뒤에서 기다리고, 나머지는 계속 진행됩니다.",
  none: "보류된 이벤트가 없습니다.",
  event: (id) => `이벤트 ${id}`,
  of: "대상",
  aggregate: { payment: "결제", dead_letter: "데드 레터", replay: "데드 레터 재전송" },
  behind: "뒤에서 대기",
  since: "보류 시각",
  release: "다시 보내기",
  discard: "폐기",
  ask: {
    release: "이 이벤트를 다시 릴레이에 넘길까요? 거부 원인을 먼저 고치지 않으면 다시 보류됩니다.",
    discard: "이 알림을 완전히 폐기할까요? 돈은 움직이지 않으며, 재전송한 데드 레터는 다시 열립니다.",
  },
  reasonNeeded: "이유를 적어 주세요. 운영 기록에 남습니다.",
  done: {
    release: (id) => `이벤트 ${id}이(가) 릴레이를 기다립니다.`,
    discard: (id) => `이벤트 ${id}을(를) 폐기했습니다.`,
  },
};

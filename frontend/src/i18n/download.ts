/** Texts of lists that are saved as files. */

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const downloadInEnglish = {
  title: "Export CSV",
  progress: (rows: number, bytes: number) => `${rows.toLocaleString("en-US")} rows, ${size(bytes)} …`,
  saved: (name: string, rows: number) => `Saved ${name}: ${rows.toLocaleString("en-US")} rows.`,
  savedFile: (name: string) => `Saved ${name}.`,
  cut: (rows: number) => `A file holds ${rows.toLocaleString("en-US")} rows at most; set filters to get the rest.`,
};

export const downloadInKorean: typeof downloadInEnglish = {
  title: "CSV 내보내기",
  progress: (rows, bytes) => `${rows.toLocaleString("ko-KR")}행, ${size(bytes)} …`,
  saved: (name, rows) => `${name} 저장됨: ${rows.toLocaleString("ko-KR")}행`,
  savedFile: (name) => `${name} 저장됨`,
  cut: (rows) => `파일 하나에는 최대 ${rows.toLocaleString("ko-KR")}행까지 담깁니다. 나머지는 필터로 나누어 받으세요.`,
};

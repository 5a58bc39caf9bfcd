import { afterEach, describe, expect, it, vi } from "vitest";
import { download, LineCounter, nameOf } from "./download";

afterEach(() => { vi.unstubAllGlobals(); });

const bytes = (text: string) => new TextEncoder().encode(text);
const going = () => new AbortController().signal;

/** A response of these parts; the connection breaks after them when `breaks`. */
function answer(parts: string[], breaks = false): void {
  const waiting = [...parts];
  const body = new ReadableStream({
    pull: (controller) => {
      const next = waiting.shift();
      if (next !== undefined) controller.enqueue(bytes(next));
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  const headers = { "Content-Disposition": 'attachment; filename="payments.csv"' };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { headers })));
}

describe("download", () => {
  it("counts what arrives and keeps every byte", async () => {
    const parts = ["id,name\r\n1,a\r\n2,", '"b\r\nc"\r\n'];
    answer(parts);
    const steps: number[] = [];
    const file = await download("/list.csv", "token", going(), ({ rows }) => { steps.push(rows); });
    expect(file).toMatchObject({ name: "payments.csv", rows: 2, bytes: parts.join("").length });
    expect(await file.file.text()).toBe(parts.join(""));
    expect(steps).toEqual([1, 2]);
  });

  it("fails when the connection breaks in the middle", async () => {
    answer(["id\r\n1\r\n"], true);
    await expect(download("/list.csv", "token", going(), () => undefined)).rejects.toMatchObject({ code: "DOWNLOAD_BROKEN" });
  });

  it("fails with the API's refusal", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"code": "UNAUTHORIZED"}', { status: 401 })));
    await expect(download("/list.csv", "token", going(), () => undefined)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });
});

it("counts lines wherever the parts are cut", () => {
  const text = 'a,"x\ny ""quoted""\n"\r\nb\r\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const counter = new LineCounter();
    counter.add(bytes(text.slice(0, cut)));
    counter.add(bytes(text.slice(cut)));
    expect(counter.lines).toBe(2);
  }
});

it("names a file by its address when the answer has no name", () => {
  expect(nameOf(new Response(""), "/audit/findings.csv?state=OPEN")).toBe("findings.csv");
});

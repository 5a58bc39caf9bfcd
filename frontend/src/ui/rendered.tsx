/** For tests of components: rendered with the texts in English, at an address. */
import { cleanup, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router";
import { afterEach, vi } from "vitest";
import { LanguageProvider } from "../i18n/language";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** Renders, and returns the address (path and search) as it is at the time of the call. */
export function rendered(children: ReactNode, at = "/") {
  let path = "";
  function Address() {
    const { pathname, search } = useLocation();
    path = pathname + search;
    return null;
  }
  const { rerender } = render(children, {
    wrapper: ({ children: inner }) => (
      <LanguageProvider>
        <MemoryRouter initialEntries={[at]}>
          {inner}
          <Address />
        </MemoryRouter>
      </LanguageProvider>
    ),
  });
  return { rerender, address: () => path };
}

/** jsdom has no dialogs. This opens and closes one; `Escape` fires cancel and closes, as in browsers. */
export function stubDialogs(): void {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
    this.querySelector<HTMLElement>("input, button")?.focus();
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
}

import type { ComponentProps } from "react";
import styles from "./button.module.css";

interface Props extends ComponentProps<"button"> {
  kind?: "plain" | "primary" | "danger" | "quiet";
  small?: boolean;
}

export function buttonClass(kind: Props["kind"] = "plain", small = false): string {
  return [styles.button, kind === "plain" ? "" : styles[kind], small ? styles.small : ""].filter(Boolean).join(" ");
}

/** A button; never a submit button unless `type` says so. */
export function Button({ kind = "plain", small = false, type = "button", className = "", ...rest }: Props) {
  return <button type={type} className={`${buttonClass(kind, small)} ${className}`} {...rest} />;
}

// An app in TypeScript, as it uses the SDK. What must not compile says so in the line above it.

import { CoatcheckError } from "coatcheck";

export function toDo(error: unknown): string {
  if (!(error instanceof CoatcheckError)) throw error;
  if (error.code === "too_many_attempts") return `wait ${error.retryAfter ?? 60} s`;
  if (error.challenge?.["error"] === "insufficient_user_authentication") return "step up";
  switch (error.kind) {
    case "offline":
    case "busy":
      return "try again";
    case "ended":
      return "sign in";
    case "refused":
      return Object.values(error.fields).join(" ");
  }
}

export const made = new CoatcheckError({ code: "unreachable" }, { cause: new TypeError() });

// @ts-expect-error: an error has a code
new CoatcheckError({ status: 500 });

// @ts-expect-error: there is no such kind
export const isOver: boolean = made.kind === "over";

// @ts-expect-error: it may be unknown when to try again
export const seconds: number = made.retryAfter;

// @ts-expect-error: nothing else is exported
import { kindOf } from "coatcheck";

// @ts-expect-error: a module of its own is no address of the package's
import "coatcheck/src/errors.js";

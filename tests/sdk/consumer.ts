// An app in TypeScript, as it uses the SDK. What must not compile says so in the line above it.

import { Coatcheck, CoatcheckError } from "coatcheck";

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

export async function signIn(coatcheck: Coatcheck, password: string, ask: (options: string[]) => Promise<string>) {
  let step = await coatcheck.signIn({ identifier: "ann@example.org", password, rememberMe: true });
  while (step.status === "more_needed") step = await coatcheck.prove(step, "totp", await ask(step.options));
  return step.account.email ?? step.session.acr;
}

export const opened: Promise<Coatcheck> = Coatcheck.open({
  issuer: "https://auth.example.org",
  confirm: async (asked, coatcheck) => coatcheck.prove(await coatcheck.stepUp(asked.challenge ?? {}), "passkey"),
});

export async function wrong(coatcheck: Coatcheck) {
  // @ts-expect-error: it is not known yet who is signed in
  (await coatcheck.signIn({ identifier: "ann" })).account;

  // @ts-expect-error: somebody must have a name
  await coatcheck.signIn({ password: "seven quiet lanterns drift" });

  // @ts-expect-error: there is no such factor
  await coatcheck.prove(await coatcheck.stepUp(), "sms", "123456");

  // @ts-expect-error: the state is read
  coatcheck.state.status = "signed_out";

  return (await coatcheck.signOut({ everywhere: true })).told;
}

// @ts-expect-error: nothing else is exported
import { kindOf } from "coatcheck";

// @ts-expect-error: a module of its own is no address of the package's
import "coatcheck/src/errors.js";

/** One more step: a person proves who they are, by whichever way is open to them, until it is enough. */

import { at, copyOf } from "./show.js";
import { FACTORS, wrong } from "./words.js";

const STARTED = ["email_code"]; // there is something to send first

/**
 * Let a person go on with a sign-in in a place of the page, until they are admitted.
 * @param {HTMLElement} place
 * @param {any} client
 * @param {any} more what `signIn` or `stepUp` has answered.
 */
export async function proveIn(place, client, more) {
  let [factor] = known(more);
  let outcome = more;
  try {
    while (outcome.status === "more_needed") {
      const said = await once(place, client, outcome, factor);
      outcome = said.outcome ?? outcome;
      factor = said.factor ?? known(outcome)[0];
    }
  } finally {
    place.replaceChildren();
  }
  return outcome;
}

/**
 * Let the person confirm who they are in a dialog, where a request asks for it.
 * @param {any} client
 * @param {any} asked
 */
export async function askToConfirm(client, asked) {
  const dialog = at("confirm");
  const place = dialog.querySelector(".proof");
  const more = await client.stepUp(asked.challenge);
  dialog.showModal();
  const called = new Promise((_, off) => dialog.addEventListener("close", () => off(calledOff()), { once: true }));
  try {
    await Promise.race([proveIn(place, client, more), called]);
  } finally {
    place.replaceChildren();
    dialog.close();
  }
}

/** Draw the form of one factor, and give what became of it: an outcome, or another factor that was chosen instead. */
async function once(place, client, more, factor) {
  const words = FACTORS[factor];
  if (!words) throw Object.assign(new Error("no way that is known here"), { code: "no_way" });
  const drawn = copyOf("proof");
  const [form, refusal, button] = ["form", ".refusal", "button"].map((name) => drawn.querySelector(name));
  form.querySelector(".lead").textContent = words.ask;
  button.textContent = words.label ? "Go on" : words.choose;
  drawField(form, words, factor);
  const others = drawOthers(drawn.querySelector(".others"), known(more).filter((each) => each !== factor));
  place.replaceChildren(drawn);
  form.elements.proof?.focus();
  if (STARTED.includes(factor)) await client.start(more, factor);
  return Promise.race([others, submitted(form, button, refusal, () => client.prove(more, factor, form.elements.proof?.value))]);
}

function drawField(form, { label }, factor) {
  const field = form.querySelector(".field");
  if (!label) return field.remove();
  field.querySelector("span").textContent = label;
  const input = field.querySelector("input");
  input.type = factor === "password" ? "password" : "text";
  input.autocomplete = factor === "password" ? "current-password" : "one-time-code";
  if (factor !== "password") input.inputMode = factor === "backup_code" ? "text" : "numeric";
  input.classList.toggle("digits", factor !== "password");
  return undefined;
}

/** Draw a button for each other way, and give the one that is chosen. */
function drawOthers(list, factors) {
  return new Promise((choose) => {
    for (const factor of factors) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = FACTORS[factor].choose;
      button.addEventListener("click", () => choose({ factor }));
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    }
  });
}

/** Give what a step's proof comes to; a wrong one may be tried again. */
function submitted(form, button, refusal, prove) {
  return new Promise((resolve, reject) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        resolve({ outcome: await prove() });
      } catch (error) {
        if (!mayTryAgain(error)) return reject(error);
        refusal.textContent = wrong(error);
        refusal.hidden = false;
        form.elements.proof?.select();
      } finally {
        button.disabled = false;
      }
      return undefined;
    });
  });
}

const mayTryAgain = ({ code, kind }) =>
  ["invalid_code", "invalid_credentials", "called_off"].includes(code) || kind === "offline" || kind === "busy";

const known = ({ options = [] }) => options.filter((option) => option in FACTORS);

const calledOff = () => new DOMException("It was called off.", "AbortError");

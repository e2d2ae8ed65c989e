/**
 * The notes: what is seen follows from `client.state`, and what is pressed asks the client or the book.
 *
 *     signed_out | ended → sign in → (one more step) → notes        locked → unlock → notes
 */

import { Book } from "./book.js";
import { offerInstalling } from "./device.js";
import { askToConfirm, proveIn } from "./proof.js";
import { ask, at, closeByItself, closeDialogs, drawConflict, drawNotes, edit, say, showCodes, showView } from "./show.js";
import { closed, invitation, standing, wrong } from "./words.js";

const { sdk, issuer } = document.documentElement.dataset;
const { Coatcheck } = await import(sdk).catch((error) => {
  say("Part of this page is missing. Load it again when the network is back.");
  throw error;
});
const client = await Coatcheck.open({
  issuer: new URL(issuer, location.origin).href,
  confirm: (asked) => askToConfirm(client, asked),
});
const book = new Book(client, drawBook);
let name = null; // of whoever was here last: once their session has ended, the client does not know it either
let shown = { status: null, account: null, online: null };
let proving = false;
const PROOF = document.querySelector("#view-proof .proof");

client.addEventListener("change", () => next(follow));
client.addEventListener("queue", ({ detail }) => {
  if (detail.type === "dropped") book.hearOfDrop(detail.id);
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && next(pull));
navigator.serviceWorker?.register("sw.js", { type: "module" }).catch(() => undefined); // without it: with the network only
offerInstalling(at("install"));
closeByItself(at("menu"));
let following = Promise.resolve();
next(follow);

/** Do something when what was begun before is done. */
function next(act) {
  following = following.then(act).catch(tell);
}

/** Show how things stand now, and see to what that asks for. */
async function follow() {
  const { status, account, online } = client.state;
  const before = shown;
  shown = { status, account: account?.id, online };
  name = status === "signed_out" ? null : (account?.email ?? account?.username ?? name);
  draw();
  if (status !== "signed_in") return leave();
  if (before.account !== account?.id || before.status !== status) await book.open();
  else await book.look();
  draw();
  if (book.isOld || before.status !== status || (online && !before.online)) await pull();
}

/** Leave nothing of a person on the page. */
function leave() {
  book.close();
  drawBook();
  closeDialogs();
}

async function pull() {
  if (client.state.status === "signed_in" && mayBeSeen()) await unlessAway(book.pull());
}

function draw() {
  const { state } = client;
  const { mood, words } = standing(state, name, book.waiting);
  at("status").dataset.mood = mood;
  at("status").textContent = words;
  at("menu").hidden = state.status !== "signed_in";
  at("who").textContent = name ?? "";
  at("protect").hidden = state.protection !== "device";
  at("unprotect").hidden = state.protection !== "passkey";
  at("entry-lead").textContent = invitation(state.status);
  if (state.status === "ended") at("identifier").value ||= name ?? "";
  showView(viewOf(state));
  if (state.status === "signed_in") drawBook();
}

function viewOf({ status, offline }) {
  if (status === "locked") return "locked";
  if (status !== "signed_in") return proving ? "proof" : "entry";
  if (mayBeSeen()) return "notes";
  at("closed-lead").textContent = closed(offline.because);
  return "closed";
}

function mayBeSeen() {
  const { online, offline } = client.state;
  return online || !offline || offline.allowed;
}

function drawBook() {
  const conflict = book.conflict();
  drawNotes(book.notes, conflict?.id ?? null, (note) => attempt(() => change(note)));
  drawConflict(conflict);
}

// Signing in and out

on("entry", "submit", async (form) => {
  const { identifier, password } = form.elements;
  await signIn(() => client.signIn({ identifier: identifier.value.trim(), password: password.value }));
  form.reset();
});
on("by-passkey", "click", () => signIn(() => client.signInWithPasskey()));
on("start-over", "click", async () => goOn(false));
on("unlock", "click", async () => client.unlock());
on("forget", "click", signOut);
on("sign-out", "click", signOut);

async function signIn(begin) {
  const outcome = await begin();
  if (outcome.status !== "more_needed") return goOn(false);
  goOn(true);
  proveIn(PROOF, client, outcome).catch(tell).finally(() => goOn(false)); // nobody waits for it: it may be begun anew
  return undefined;
}

function goOn(isProving) {
  proving = isProving;
  if (!proving) PROOF.replaceChildren();
  draw();
}

async function signOut() {
  const waiting = book.waiting || client.state.queue.waiting;
  const lost = waiting === 1 ? "A note was" : `${waiting} notes were`;
  const sure = waiting === 0 || (await ask("Sign out now?", `${lost} not sent yet, and would be lost.`, "Sign out and lose them"));
  if (!sure) return;
  await client.signOut();
}

// Notes

on("write", "submit", async (form) => {
  const field = form.elements.text;
  const text = field.value.trim();
  field.value = ""; // the next one may be written already
  field.focus();
  if (text) await book.write(text).catch((error) => putBack(field, text, error));
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("write").requestSubmit();
});
on("keep-mine", "click", () => book.keepMine(book.conflict()));
on("keep-theirs", "click", () => book.keepTheirs(book.conflict()));
on("delete-all", "click", async () => {
  if (await ask("Delete all notes?", "They are gone for good.", "Delete all")) await book.removeAll();
});

function putBack(field, text, error) {
  field.value = [text, field.value].filter(Boolean).join("\n");
  throw error;
}

async function change(note) {
  const { choice, text } = await edit(note);
  if (choice === "delete") await book.remove(note);
  if (choice === "save" && text !== note.text) await book.change(note, text);
}

// This device

on("protect", "click", async () => {
  const { passkey } = await client.protectByPasskey({ name: "This device" });
  if (passkey?.backup_codes) await showCodes(passkey.backup_codes);
});
on("unprotect", "click", () => client.unprotect());

/** Do what a control is for; while it is being done, it cannot be pressed again. */
function on(id, type, act) {
  const control = at(id);
  control.addEventListener(type, async (event) => {
    event.preventDefault();
    at("menu").open = false;
    const button = control.matches("form") ? control.querySelector("button") : control;
    button.disabled = true;
    await attempt(() => act(control));
    button.disabled = false;
  });
}

/** Do something, and say what went wrong. */
async function attempt(act) {
  say("");
  await act().catch(tell);
}

function tell(error) {
  const words = wrong(error);
  if (words) say(words);
}

/** Let go of what cannot be asked now: it is asked when the network is back. */
const unlessAway = (asking) =>
  asking.catch((error) => {
    if (!["offline", "busy"].includes(error.kind)) throw error;
  });

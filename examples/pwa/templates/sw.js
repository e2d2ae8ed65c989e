// The service worker: keeps the shell, so that the page opens without the network, and sends what waits when it is back.

import { SDK, serveShell } from "{{ sdk }}/worker.js";

serveShell({
  version: "notes {{ version }}",
  shell: [...{{ files | tojson }}, ...SDK],
  fallback: "./",
  coatcheck: { issuer: new URL("{{ auth }}", location.origin).href },
});

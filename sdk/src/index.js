// Coatcheck in a browser.

export { Coatcheck } from "./coatcheck.js";
export { CoatcheckError } from "./errors.js";

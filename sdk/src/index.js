// What apps import.

export { CoatcheckError } from "./errors.js";

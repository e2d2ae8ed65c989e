// Every code that the server answers with: the same words on both sides.
// Made by tools/make_sdk_codes.py from src/coatcheck/errors; change it there.

/** Each code, and the status that it comes with. */
export const CODES = Object.freeze({
  body_too_large: 413,
  busy: 503,
  conflict: 409,
  cross_site_refused: 403,
  feed_gone: 410,
  form_gone: 410,
  fresh_sign_in_needed: 403,
  headers_too_large: 431,
  https_needed: 400,
  internal_error: 500,
  invalid_code: 401,
  invalid_credentials: 401,
  invalid_dpop_proof: 401,
  invalid_input: 422,
  invalid_token: 401,
  last_way_in: 409,
  link_gone: 410,
  malformed_body: 400,
  malformed_request: 400,
  method_not_allowed: 405,
  not_allowed: 403,
  not_found: 404,
  not_signed_in: 401,
  oauth_refused: 400,
  passkey_unknown: 401,
  refresh_superseded: 409,
  revocation_unknown: 503,
  session_ended: 401,
  sign_in_gone: 410,
  token_too_large: 500,
  too_many_attempts: 429,
  unavailable: 503,
  unknown_host: 400,
  upstream_failed: 400,
  use_dpop_nonce: 401,
  wrong_content_type: 415,
});

/** @typedef {keyof typeof CODES} Code a code of the server's */

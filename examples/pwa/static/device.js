/** What the device's browser does for the app: installing it, and asking for passkeys. */

/**
 * Offer to install the app where the browser says that it can be.
 * @param {HTMLElement} button
 */
export function offerInstalling(button) {
  let offer = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // the menu has a button for it
    offer = event;
    button.hidden = false;
  });
  addEventListener("appinstalled", () => (button.hidden = true));
  button.addEventListener("click", () => offer?.prompt());
}

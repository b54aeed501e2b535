// Streamlit covers the page with a dialog when its server is away. The desk goes on without the
// server, and says so itself, so while a card is on screen that dialog is put away.

const TITLE = "Connection error"; // said otherwise, the dialog stays, and the keys rest under it

/** Watches for the dialog; `lost` is called when it came. Returns how to stop. */
export function watchConnection(lost) {
  const look = () => {
    for (const veil of document.querySelectorAll("[data-testid=stDialog]")) {
      if (veil.hidden || veil.querySelector("[role=dialog] h2")?.textContent.trim() !== TITLE) continue;
      veil.hidden = true;
      veil.style.display = "none"; // before it is painted: observers run ahead of the frame
      veil.querySelector("button[aria-label=Close]")?.click(); // gives the focus and the page back
      lost();
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: false });
  look();
  return () => observer.disconnect();
}

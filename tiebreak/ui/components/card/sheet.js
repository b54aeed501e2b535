// The two dialogs: the keys, which can be changed there, and the guideline. The browser's own
// modal <dialog> traps the focus, closes on Esc and gives the focus back.

import { cap, told } from "./keys.js";
import { el } from "./text.js";

function open(root, kind, title, ...content) {
  const close = el("button", { class: "tb-act", type: "button", onclick: () => dialog.close() }, "Close ", el("kbd", {}, "Esc"));
  const dialog = el("dialog", { class: `tb-dialog ${kind}`, role: "dialog", "aria-modal": "true", "aria-label": title, onclose: () => dialog.remove() },
    el("div", { class: "tb-dialog-top" }, el("h2", {}, title), close), ...content);
  root.append(dialog);
  dialog.showModal();
  return dialog;
}

export function guideline(root, { labels, guidelines }) {
  const examples = (label) => (label.examples ?? []).map((example) => el("dd", { class: "tb-quote", data: example }));
  const definitions = labels.flatMap((label) => [el("dt", { data: label.name }), label.definition ? el("dd", { data: label.definition }) : null, ...examples(label)]);
  open(root, "tb-guideline", "Guideline", guidelines ? el("p", { class: "tb-words", data: guidelines }) : null, el("dl", {}, ...definitions.filter(Boolean)));
}

/** The key sheet. `changed` is called after each change of the keymap. */
export function keySheet(root, keymap, changed, multiple) {
  const { actions, fixed: always } = told(multiple);
  let waiting = null; // [action, index] of the key to replace
  const words = el("p", { class: "tb-sheet-say", role: "status" }, "Click a key to change it.");
  const list = el("dl", { class: "tb-keys" });

  function draw(action, index) {
    const rows = actions.flatMap(([name, title]) => [
      el("dt", {}, title),
      el("dd", {}, ...keymap.map[name].map((key, place) => {
        const asked = waiting?.[0] === name && waiting[1] === place;
        return el("button", { class: "tb-cap", type: "button", "data-for": `${name} ${place}`, "aria-label": `${title}: ${cap(key)}, change`, onclick: () => ask(name, place) },
          el("kbd", {}, asked ? "press a key" : cap(key)));
      })),
    ]);
    const fixed = always.flatMap(([title, keys]) => [el("dt", {}, title), el("dd", {}, el("kbd", {}, keys))]);
    list.replaceChildren(...fixed, ...rows);
    list.querySelector(`[data-for="${action} ${index}"]`)?.focus();
  }

  function ask(action, index) {
    waiting = [action, index];
    words.textContent = "Press the new key, or Esc to keep the old one.";
    draw(action, index);
  }

  function take(event) {
    if (!waiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const [action, index] = waiting;
    const refusal = event.key === "Escape" ? "The old key stays." : keymap.rebind(action, index, event);
    waiting = null;
    words.textContent = refusal || "Changed, for you in this browser.";
    draw(action, index);
    changed();
  }

  function reset() {
    keymap.reset();
    words.textContent = "All keys are as they came.";
    draw();
    changed();
  }

  const sheet = open(root, "tb-sheet", "Keys", words, list, el("button", { class: "tb-act tb-reset", type: "button", onclick: reset }, "Reset all keys"));
  sheet.addEventListener("keydown", take, true);
  sheet.addEventListener("cancel", (event) => waiting && event.preventDefault());
  draw();
}

// What a key press means. Bare keys only: every chord belongs to the browser or to Streamlit.

// [action, words, keys]
export const ACTIONS = [
  ["accept", "Accept the agent's label", ["Enter", "a"]],
  ["none", "None of these labels fits", ["d"]],
  ["skip", "Skip this record", ["s"]],
  ["flag", "Flag for a second look", ["f"]],
  ["undo", "Undo the last answer", ["u", "Backspace"]],
  ["back", "Look back", ["ArrowLeft"]],
  ["forward", "Look forward", ["ArrowRight"]],
  ["filter", "Find a label by typing", ["/"]],
  ["note", "Write a note", ["n"]],
  ["evidence", "Show all the evidence", ["e"]],
  ["guide", "Show the guideline", ["g"]],
  ["help", "List and change the keys", ["?"]],
];
// What an action does where any number of labels may apply.
const MULTIPLE = {
  accept: "Confirm the labels that are on: at first the agent's",
  none: "None of these labels applies",
  filter: "Find a label to turn on or off",
};
const FIXED = [["Labels 1 to 10", "1 … 9, 0"], ["Labels 11 to 19", "⇧1 … ⇧9"], ["Close, leave a field", "Esc"]];

/** [action, words] of every action, and [words, keys] of what cannot be changed. */
export const told = (multiple) => ({
  actions: ACTIONS.map(([action, words]) => [action, (multiple && MULTIPLE[action]) || words]),
  fixed: FIXED.map(([words, keys]) => [multiple && words.startsWith("Labels") ? `${words}, on or off` : words, keys]),
});

const TAKEN = { c: "Streamlit clears its caches with C", r: "Streamlit runs the page again with R", Tab: "Tab moves the focus", Escape: "Esc closes" };
const CAPS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Backspace: "⌫" };
// Keys that a focused control elsewhere on the page works with.
const NATIVE = ["Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const CONTROLS = "button, a[href], summary, canvas, " + "button tab slider radio checkbox switch option menuitem combobox grid gridcell"
  .split(" ").map((role) => `[role=${role}]`).join();
const FIELDS = "input, select, textarea, [contenteditable]:not([contenteditable='false'])";

/** The name of the pressed key: a letter in lower case, by its place on the keyboard of another script. */
export function spell(event) {
  if (event.key.length > 1) return event.key;
  const place = /^Key([A-Z])$/.exec(event.code);
  return (event.key > "\x7f" && place ? place[1] : event.key).toLowerCase();
}

export const cap = (key) => CAPS[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** The key of label slot 0, 1, …; "" past the keyed ones. */
export const slotKey = (slot) => (slot < 10 ? String((slot + 1) % 10) : slot < 19 ? `Shift+${slot - 9}` : "");

/** The label slot of a digit key, by place: with Shift the character is "!" here and "1" elsewhere. */
function slotOf(event) {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? /^\d$/.exec(event.key)?.[0];
  if (digit === undefined || (event.shiftKey && digit === "0")) return -1;
  return event.shiftKey ? 9 + Number(digit) : (Number(digit) + 9) % 10;
}

/** One person's keys, kept in this browser. */
export class Keymap {
  constructor(who) {
    this.place = `tiebreak/keys/${who}`;
    this.reset(false);
    try {
      const kept = JSON.parse(localStorage.getItem(this.place)) ?? {};
      for (const action of Object.keys(this.map)) {
        if (Array.isArray(kept[action]) && kept[action].every((key) => typeof key === "string")) this.map[action] = kept[action];
      }
    } catch {
      // no storage, or not ours: the defaults stand
    }
  }

  reset(keep = true) {
    this.map = Object.fromEntries(ACTIONS.map(([action, , keys]) => [action, [...keys]]));
    if (keep) this.#keep();
  }

  /** Gives `action` the pressed key instead of its `index`-th; returns why not, or "". */
  rebind(action, index, event) {
    const key = spell(event);
    if (TAKEN[key]) return `${cap(key)} cannot be used: ${TAKEN[key]}.`;
    if (slotOf(event) >= 0) return `${cap(key)} cannot be used: the digits choose labels.`;
    if (event.ctrlKey || event.altKey || event.metaKey) return "Press one key, without Ctrl, Alt or Meta.";
    const owner = this.#owner(key);
    if (owner && !(owner === action && this.map[action][index] === key)) {
      return `${cap(key)} is taken: ${ACTIONS.find(([name]) => name === owner)[1]}.`;
    }
    this.map[action][index] = key;
    this.#keep();
    return "";
  }

  caps(action) {
    return this.map[action].map(cap);
  }

  /** {action} or {action: "label", slot}, or null. */
  meaning(event) {
    const key = spell(event);
    const action = this.#owner(key);
    // Some keyboards write "/" and "?" with Shift, even on a digit: the character counts.
    if (action && !(event.shiftKey && /^([a-z ]|..+)$/.test(key))) return { action };
    const slot = slotOf(event);
    return slot < 0 ? null : { action: "label", slot };
  }

  #owner(key) {
    return Object.keys(this.map).find((action) => this.map[action].includes(key));
  }

  #keep() {
    try {
      localStorage.setItem(this.place, JSON.stringify(this.map));
    } catch {
      // forbidden: the keys hold until the page is closed
    }
  }
}

/** Whether a press is meant for something other than the card. */
export function elsewhere(event, root) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return true;
  const path = event.composedPath().filter((node) => node instanceof Element);
  if (path.some((node) => node.matches(FIELDS))) return true;
  const native = path.includes(root) ? NATIVE.slice(0, 2) : NATIVE;
  if (native.includes(event.key) && path[0]?.matches(CONTROLS)) return true;
  if (root.querySelector("dialog[open]")) return true;
  const dialogs = document.querySelectorAll("[role=dialog], [role=alertdialog], dialog[open]");
  return [...dialogs].some((dialog) => dialog.getClientRects().length > 0);
}

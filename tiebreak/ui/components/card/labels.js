// The label list: one row a slot, in the order of the model's scores, with a filter on top.
// Rows belong to slots and are written over, so that 77 of them cost nothing to change.

import { proposalOf } from "./answers.js";
import { slotKey } from "./keys.js";
import { el, percent, plain, put } from "./text.js";

/** Label indices in the order of the slots: the model's, or the schema's on a blind card. */
export function order(card, count) {
  const all = [...Array(count).keys()];
  const scored = (card.model?.order ?? []).filter((index) => index < count); // an older schema may have had more
  return [...new Set([...scored, ...all])];
}

const fold = (text) => text.toLowerCase().replace(/[\s_\-/.]+/g, " ");

export class Labels {
  constructor(pick, leave, announce) {
    this.pick = pick;
    this.leave = leave;
    this.announce = announce;
    this.rows = [];
    this.active = -1;
    this.filter = el("input", {
      class: "tb-filter", type: "search", "aria-label": "Find a label", autocomplete: "off", spellcheck: "false",
      oninput: () => this.#narrow(), onkeydown: (event) => this.#key(event), onblur: () => this.#mark(-1),
    });
    this.list = el("ul", { class: "tb-labels", role: "list" });
    this.node = el("section", { class: "tb-side", "aria-label": "Labels" }, this.filter, this.list);
  }

  /** Tells which key leads to the filter. */
  key(caps) {
    this.filter.placeholder = `${caps[0]}  find a label`;
    this.filter.setAttribute("aria-keyshortcuts", caps.join(" "));
  }

  /** Writes the rows for a card; `act` is the answer that stands already, if any. */
  show(card, labels, act) {
    const slots = order(card, labels.length);
    while (this.rows.length < slots.length) this.#row(this.rows.length);
    const proposed = new Set([proposalOf(card) ?? []].flat());
    const answered = new Set([act?.label ?? []].flat());
    const scores = new Map(card.model?.top ?? []);
    this.rows.forEach((row, slot) => {
      row.label = labels[slots[slot]]?.name;
      if (row.label === undefined) return;
      const { definition } = labels[slots[slot]];
      const mine = answered.has(row.label);
      row.button.dataset.label = row.label;
      row.button.title = plain(definition);
      row.button.classList.toggle("tb-proposed", proposed.has(row.label));
      row.button.classList.toggle("tb-mine", mine);
      put(row.name, row.label);
      row.mine.hidden = !mine;
      row.agent.hidden = !proposed.has(row.label);
      row.model.hidden = !scores.has(row.label);
      row.model.textContent = scores.has(row.label) ? `model ${percent(scores.get(row.label))}` : "";
    });
    this.filter.value = "";
    this.#narrow();
    this.list.scrollTo(0, 0);
  }

  /** Shows which labels are on, where any number may apply. */
  press(on) {
    for (const row of this.rows) row.button.setAttribute("aria-pressed", String(on.has(row.label)));
  }

  at(slot) {
    return this.rows[slot]?.label;
  }

  #row(slot) {
    const key = slotKey(slot);
    const row = {
      name: el("span", { class: "tb-name", dir: "auto" }),
      mine: el("span", { class: "tb-tag" }, "your answer"),
      agent: el("span", { class: "tb-tag tb-violet" }, "agent"),
      model: el("span", { class: "tb-tag tb-blue" }),
    };
    row.button = el("button", { class: "tb-label", type: "button", "aria-keyshortcuts": key || undefined },
      el("kbd", {}, key.replace("Shift+", "⇧")), row.name, row.mine, row.agent, row.model);
    row.item = el("li", {}, row.button);
    this.rows.push(row);
    this.list.append(row.item);
  }

  #shown() {
    return this.rows.filter((row) => !row.item.hidden);
  }

  #narrow() {
    const words = fold(this.filter.value).split(" ").filter(Boolean);
    for (const row of this.rows) {
      const name = fold(row.label ?? "");
      row.item.hidden = row.label === undefined || !words.every((word) => name.includes(word));
    }
    this.#mark(words.length ? 0 : -1);
  }

  /** Marks the row that Enter would pick. */
  #mark(place) {
    const shown = this.#shown();
    this.active = shown.length ? Math.min(place, shown.length - 1) : -1;
    this.rows.forEach((row) => row.button.classList.remove("tb-active"));
    const row = shown[this.active];
    if (row) {
      row.button.classList.add("tb-active");
      row.item.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.announce(`${plain(row.label)}, ${this.active + 1} of ${shown.length}`);
    } else if (this.filter.value.trim()) this.announce("No label matches.");
  }

  /** Picks a row. Where a label is only turned on or off the card stays: so Enter confirms next. */
  #take(row) {
    this.pick(row.label);
    if (!row.button.hasAttribute("aria-pressed")) return;
    this.filter.value = "";
    this.#narrow();
    this.leave();
  }

  #key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#mark(Math.max(0, this.active + step));
    else if (event.key === "Enter" && !event.repeat) {
      const row = this.#shown()[this.active];
      if (row) this.#take(row);
    } else if (event.key === "Escape") {
      this.filter.value = "";
      this.#narrow();
      this.leave();
    } else if (event.key !== "Enter") return;
    event.preventDefault();
  }
}

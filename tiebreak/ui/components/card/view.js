// The card's DOM: built once, written over for each card. Record text, rationale, neighbours and
// label names pass through text.js only.

import { cap } from "./keys.js";
import { Labels } from "./labels.js";
import { guide, keySheet } from "./sheet.js";
import { cut, el, percent, plain, put } from "./text.js";

const TEXT = 3_000; // characters drawn before "show everything": more costs frames, not insight
const RATIONALE = 280;
const NEAR = 3;
const SAVING = 400; // ms a save may take before the status line speaks of it: it is read aloud

const WORDS = {
  none: "None of these", skip: "Skip", flag: "Flag", undo: "Undo",
  back: "Back", forward: "Forward", evidence: "Evidence", guide: "Guideline", help: "Keys",
};

const button = (action, ...inside) => el("button", { class: `tb-act tb-${action}`, type: "button", "data-action": action }, ...inside, el("span", { class: "tb-caps" }));
const bar = (share) => {
  const fill = el("i");
  fill.style.width = percent(share);
  return el("span", { class: "tb-share" }, el("span", { class: "tb-track", "aria-hidden": "true" }, fill), percent(share));
};

/** What an answer was, in words. */
const answer = (act) => (act.outcome === "label" ? act.label : { none: "none of these", skip: "skipped", flag: "flagged" }[act.outcome]);

export class View {
  constructor(desk, data) {
    this.desk = desk;
    this.data = data;
    this.labels = new Labels((label) => desk.choose(label), () => this.home(), (words) => this.announce(words));
    this.progress = el("span", { class: "tb-progress" });
    this.speed = el("span", { class: "tb-pace" });
    this.saved = el("span", { class: "tb-saved", role: "status", "data-unsaved": "0" });
    this.live = el("p", { class: "tb-live", "aria-live": "polite" });
    this.said = el("p", { class: "tb-say", role: "status" });
    this.refused = el("div", { class: "tb-refused", role: "alert", hidden: true });
    this.why = el("p", { class: "tb-reason" });
    this.was = el("p", { class: "tb-was", hidden: true });
    this.text = el("div", { class: "tb-text", dir: "auto" });
    this.more = button("evidence");
    this.more.className = "tb-act tb-more";
    this.proof = el("div", { class: "tb-proof" });
    this.note = el("textarea", { class: "tb-note", rows: "1", maxlength: "2000", dir: "auto", oninput: () => this.#noted(), onkeydown: (event) => this.#noteKey(event) });
    this.noteCap = el("span", { class: "tb-caps" });
    this.empty = el("div", { class: "tb-empty", hidden: true });
    this.article = el("article", { class: "tb-main", "aria-label": "Record", tabindex: "-1" }, this.why, this.was, this.text, this.more, this.proof,
      el("label", { class: "tb-noting" }, el("span", {}, "Note ", this.noteCap), this.note));
    this.accept = button("accept", el("span", { class: "tb-accepts", dir: "auto" }));
    const rest = Object.entries(WORDS).map(([action, words]) => button(action, el("span", {}, words)));
    const dock = el("div", { class: "tb-dock" }, this.accept, this.labels.node, el("div", { class: "tb-acts", role: "group", "aria-label": "Actions" }, ...rest));
    this.root = el("section", { class: "tb-card", "aria-label": "Review desk" },
      el("div", { class: "tb-bar" }, this.progress, this.speed, this.saved), this.said, this.refused,
      el("div", { class: "tb-grid" }, el("div", { class: "tb-column" }, this.empty, this.article), dock), this.live);
    this.keys();
  }

  /** Labels and guideline may change with a rerun. */
  configure(data) {
    this.data = data;
  }

  /** Writes the keys onto their clickable twins. */
  keys() {
    const { keymap } = this.desk;
    const caps = (action) => keymap.caps(action).map((name) => el("kbd", {}, name));
    for (const twin of this.root.querySelectorAll("[data-action]")) {
      const { action } = twin.dataset;
      twin.querySelector(".tb-caps").replaceChildren(...caps(action).slice(0, action === "accept" ? 2 : 1));
      twin.setAttribute("aria-keyshortcuts", keymap.map[action].map((key) => (key.length === 1 ? key.toUpperCase() : key)).join(" "));
    }
    this.noteCap.replaceChildren(...caps("note"));
    this.labels.key(keymap.caps("filter"));
  }

  /** Draws the entry, or what there is to say without one. */
  show(entry) {
    const { root } = this;
    const inside = root.contains(root.getRootNode().activeElement);
    delete root.dataset.painted;
    this.say("");
    root.dataset.state = entry ? "card" : this.#idle();
    root.dataset.record = entry?.card.record ?? "";
    root.dataset.blind = String(Boolean(entry?.card.blind));
    this.article.hidden = this.labels.node.hidden = this.accept.hidden = !entry;
    this.empty.hidden = Boolean(entry);
    if (entry) this.#card(entry);
    this.bar();
    // Whoever works with Tab goes on at the new card; whoever does not keeps the page's focus.
    if (inside && !root.querySelector("dialog[open]")) this.home();
  }

  /** After the first frame of a card. */
  painted(entry) {
    if (!entry) return;
    this.root.dataset.painted = entry.card.record;
    if (this.article.getBoundingClientRect().top < 0) this.root.scrollIntoView({ block: "start" });
    this.announce(`${this.progress.textContent}. ${plain(cut(entry.card.text, 120))}`);
  }

  home() {
    (this.article.hidden ? this.root.querySelector(".tb-help") : this.article).focus({ preventScroll: true });
  }

  say(words) {
    if (this.said.textContent !== words) this.said.textContent = words;
  }

  announce(words) {
    this.live.textContent = words;
  }

  /** Progress, pace and what is saved. */
  bar() {
    const { news, outbox } = this.desk;
    const { seconds, accepted } = this.desk.pace();
    const batch = news?.batch;
    const words = batch ? `${batch.size - batch.left} of ${batch.size} in this batch` : news ? `${news.left} left` : "";
    const pace = [seconds === null ? "" : `${seconds.toFixed(1)} s a card`, accepted === null ? "" : `${percent(accepted)} accepted`];
    put(this.progress, words);
    put(this.speed, [...pace, news?.learner.state === "failed" ? `learning failed: ${news.learner.message}` : ""].filter(Boolean).join(" · "));
    const unsaved = outbox.events.length;
    this.saved.dataset.unsaved = unsaved;
    clearTimeout(this.saving);
    if (!unsaved && !outbox.trouble) this.#status("● all saved");
    else if (outbox.trouble) this.#status(`${unsaved} unsaved — retrying`, outbox.trouble);
    else this.saving = setTimeout(() => this.#status(`${unsaved} unsaved — saving`), SAVING);
    if (!this.empty.hidden) this.#idle();
  }

  /** Lists what the server did not store, until it is dismissed. */
  refusals() {
    const { notStored } = this.desk;
    this.refused.hidden = !notStored.length;
    const close = el("button", { class: "tb-act", type: "button", onclick: () => { this.desk.notStored = []; this.refusals(); } }, "Dismiss");
    this.refused.replaceChildren(...notStored.map((fact) => el("p", { data: fact })), close);
  }

  /** Shows or hides all that is known of the card, fetching what was cut off. */
  async widen() {
    const entry = this.desk.queue.screen;
    entry.wide = !entry.wide;
    const { card } = entry;
    if (entry.wide && card.chars > card.text.length && !entry.whole) {
      try {
        entry.whole = (await this.desk.outbox.get(`/text/${card.record}`)).text;
      } catch {
        this.say("The rest of the text could not be fetched; try again.");
      }
    }
    if (entry === this.desk.queue.screen) this.#body(entry);
  }

  guide() {
    guide(this.root, this.data);
  }

  help() {
    keySheet(this.root, this.desk.keymap, () => this.keys());
  }

  #card(entry) {
    const { card, act } = entry;
    put(this.why, `Why here: ${card.why}`).append(el("span", { class: "tb-id", data: card.id }));
    this.was.hidden = !act;
    if (act) put(this.was, `Already answered: ${answer(act)}${act.refused ? " (not stored)" : ""}. Another answer replaces it.`);
    this.note.value = entry.note;
    this.labels.show(card, this.data.labels, act);
    const proposal = card.suggestion?.label ?? null;
    put(this.accept.firstChild, proposal === null ? "Nothing to accept" : `Accept ${proposal}`);
    this.accept.setAttribute("aria-disabled", String(proposal === null));
    this.#body(entry);
  }

  #body(entry) {
    const { card, wide } = entry;
    put(this.text, wide ? entry.whole ?? card.text : cut(card.text, TEXT));
    const cutOff = card.chars > TEXT;
    this.more.hidden = !cutOff;
    if (cutOff) this.more.replaceChildren(wide ? "Show less " : `Show all ${card.chars.toLocaleString("en")} characters `, el("span", { class: "tb-caps" }, el("kbd", {}, cap(this.desk.keymap.map.evidence[0]))));
    const parts = card.blind ? [el("p", { class: "tb-blind" }, "Blind card: what the agent and the model say is held back until you answered.")]
      : [this.#agent(card, wide), this.#model(card), this.#near(card, wide)];
    this.proof.replaceChildren(...parts.filter(Boolean));
  }

  #agent({ suggestion, model }, wide) {
    if (!suggestion) return el("section", { class: "tb-box", "aria-label": "Agent" }, el("h2", {}, "Agent"), el("p", {}, "has not read this record"));
    const { label, abstain, confidence, rationale, rationale_by: by, agent } = suggestion;
    const first = model?.top?.[0]?.[0];
    const agrees = first === label;
    return el("section", { class: "tb-box tb-violet", "aria-label": "Agent" },
      el("h2", {}, "Agent"),
      label === null ? el("p", { data: `abstained: ${abstain ?? ""}` }) : el("p", {}, el("b", { data: label }), confidence == null ? null : bar(confidence)),
      label !== null && first !== undefined ? el("p", { class: `tb-verdict ${agrees ? "tb-green" : "tb-orange"}` }, agrees ? "= model agrees" : "≠ model disagrees") : null,
      rationale ? el("p", { class: "tb-rationale", data: wide ? rationale : cut(rationale, RATIONALE) }) : null,
      el("p", { class: "tb-small", data: [agent, by && by !== "model" ? `words by ${by}` : ""].filter(Boolean).join(" · ") }));
  }

  #model({ model }) {
    if (!model) return null;
    const rows = model.top.map(([label, share]) => el("li", {}, el("span", { data: label }), bar(share)));
    return el("section", { class: "tb-box tb-blue", "aria-label": "Model" }, el("h2", {}, "Model"), el("ul", { role: "list" }, ...rows));
  }

  #near({ near }, wide) {
    if (!near?.length) return null;
    const rows = near.slice(0, wide ? near.length : NEAR).map(({ text, label, similarity }) =>
      el("li", {}, el("span", { class: "tb-quote", data: text }), el("b", { data: label }), el("span", { class: "tb-small" }, similarity.toFixed(2))));
    return el("section", { class: "tb-box tb-near", "aria-label": "Nearest labelled records" }, el("h2", {}, "Nearest labelled"), el("ul", { role: "list" }, ...rows));
  }

  /** Says why there is no card; returns the state's name. */
  #idle() {
    const { news, outbox } = this.desk;
    const message = news?.learner.message ?? "";
    const [state, ...words] = outbox.trouble || !news ? ["loading", outbox.trouble ? `Waiting: ${outbox.trouble}.` : "Loading…"]
      : news.left > 0 ? ["empty", `The ${news.left} records left are on other people's desks.`, "They come here if nobody answers them."]
      : news.learner.state === "off" ? ["done", "Nothing waits for you: every record of this round is answered.", message]
      : ["empty", "Nothing waits for you.", message || "The next batch is being prepared."];
    this.root.dataset.state = state;
    if (words.join() !== this.idled) this.empty.replaceChildren(...words.filter(Boolean).map((line) => el("p", { data: line })));
    this.idled = words.join();
    return state;
  }

  #status(words, title = "") {
    if (this.saved.textContent !== words) this.saved.textContent = words;
    this.saved.title = plain(title);
  }

  #noted() {
    const entry = this.desk.queue.screen;
    if (entry) entry.note = this.note.value;
  }

  #noteKey(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    this.home();
  }
}

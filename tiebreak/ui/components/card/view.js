// The card's DOM: built once, written over for each card. Record text, label names and everything
// else that others wrote pass through text.js only.

import { proposalOf, words } from "./answers.js";
import { evidence } from "./evidence.js";
import { Labels } from "./labels.js";
import { guideline, keySheet } from "./sheet.js";
import { cut, el, percent, plain, put } from "./text.js";

const TEXT = 3_000; // characters drawn before "show everything": more costs frames, not insight
const SAVING = 400; // ms a save may take before the status line speaks of it: it is read aloud

const WORDS = {
  none: "None of these", skip: "Skip", flag: "Flag", undo: "Undo", back: "Back", forward: "Forward",
  evidence: "Evidence", note: "Note", guide: "Guideline", help: "Keys",
};
const ANSWERS = { none: "none of these", skip: "skipped", flag: "flagged" };

/** The clickable twin of a key. */
const twin = (action, ...inside) =>
  el("button", { class: `tb-act tb-${action === "note" ? "noter" : action}`, type: "button", "data-action": action },
    ...inside, el("span", { class: "tb-caps" }));

/** A button clicked by mouse takes no focus: else the next Enter would click it again instead of accepting. */
const stayPut = (event) => event.target.closest("button") && event.preventDefault();

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
    this.empty = el("div", { class: "tb-empty", tabindex: "-1", hidden: true });
    this.#article();
    this.accept = twin("accept", el("span", { class: "tb-accepts", dir: "auto" }));
    const twins = Object.entries(WORDS).map(([action, words]) => twin(action, el("span", {}, words)));
    const acts = el("div", { class: "tb-acts", role: "group", "aria-label": "Actions" }, ...twins);
    this.root = el("section", { class: "tb-card", "aria-label": "Review desk" },
      el("div", { class: "tb-bar" }, this.progress, this.speed, this.saved), this.said, this.refused,
      el("div", { class: "tb-grid" },
        el("div", { class: "tb-column" }, this.empty, this.article),
        el("div", { class: "tb-dock" }, this.accept, this.labels.node, acts)),
      this.live);
    this.root.addEventListener("mousedown", stayPut);
    this.keys();
  }

  #article() {
    this.why = el("span", {});
    this.id = el("span", { class: "tb-id", dir: "auto" });
    this.was = el("p", { class: "tb-was", hidden: true });
    this.text = el("div", { class: "tb-text", dir: "auto" });
    this.more = el("button", { class: "tb-act tb-more", type: "button", "data-action": "evidence" },
      el("span", {}), el("span", { class: "tb-caps" }));
    this.proof = el("div", { class: "tb-proof" });
    this.note = el("textarea", {
      class: "tb-note", rows: "1", maxlength: "2000", dir: "auto",
      oninput: () => this.#noted(), onkeydown: (event) => this.#noteKey(event), onblur: () => this.#noting(false),
    });
    this.noting = el("label", { class: "tb-noting" }, "Note", this.note);
    this.article = el("article", { class: "tb-main", "aria-label": "Record", tabindex: "-1" },
      el("p", { class: "tb-reason" }, this.why, this.id), this.was, this.text, this.more, this.proof, this.noting);
  }

  /** Labels and guideline may change with a rerun. */
  configure(data) {
    this.data = data;
  }

  /** Writes the keys onto their clickable twins. */
  keys() {
    const { keymap } = this.desk;
    for (const button of this.root.querySelectorAll("[data-action]")) {
      const { action } = button.dataset;
      const caps = keymap.caps(action).slice(0, action === "accept" ? 2 : 1);
      button.querySelector(".tb-caps").replaceChildren(...caps.map((name) => el("kbd", {}, name)));
      const spelt = keymap.map[action].map((key) => (key.length === 1 ? key.toUpperCase() : key));
      button.setAttribute("aria-keyshortcuts", spelt.join(" "));
    }
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
    (this.article.hidden ? this.empty : this.article).focus({ preventScroll: true });
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
    put(this.progress, batch ? `${batch.size - batch.left} of ${batch.size} in this batch` : news ? `${news.left} left` : "");
    const pace = seconds === null ? "" : `${seconds.toFixed(1)} s a card`;
    const share = accepted === null ? "" : `${percent(accepted)} accepted`;
    const trouble = news?.learner.state === "failed" ? `learning failed: ${news.learner.message}` : "";
    put(this.speed, [pace, share, trouble].filter(Boolean).join(" · "));
    const unsaved = outbox.events.length;
    this.saved.dataset.unsaved = unsaved;
    clearTimeout(this.saving);
    if (outbox.trouble) this.#status(`${unsaved} unsaved — retrying`, outbox.trouble);
    else if (!unsaved) this.#status("● all saved");
    else this.saving = setTimeout(() => this.#status(`${unsaved} unsaved — saving`), SAVING);
    if (!this.empty.hidden) this.root.dataset.state = this.#idle();
  }

  /** Lists what the server did not store, until it is dismissed. */
  refusals() {
    const { notStored } = this.desk;
    const dismiss = () => {
      this.desk.notStored = [];
      this.refusals();
    };
    this.refused.hidden = !notStored.length;
    this.refused.replaceChildren(...notStored.map((fact) => el("p", { data: fact })),
      el("button", { class: "tb-act", type: "button", onclick: dismiss }, "Dismiss"));
  }

  /** Shows or hides all that is known of the card, fetching what was cut off. */
  async widen() {
    const entry = this.desk.queue.screen;
    const { card } = entry;
    entry.wide = !entry.wide;
    if (entry.wide && card.chars > card.text.length && !entry.whole) {
      try {
        entry.whole = (await this.desk.outbox.get(`/text/${card.record}`)).text;
      } catch {
        this.say("The rest of the text could not be fetched; try again.");
      }
    }
    if (entry === this.desk.queue.screen) this.#body(entry);
  }

  /** Opens the note; on a phone it takes room only while it is written. */
  write() {
    this.#noting(true);
    this.note.focus();
  }

  guide() {
    guideline(this.root, this.data);
  }

  help() {
    keySheet(this.root, this.desk.keymap, () => this.keys(), this.data.multiple);
  }

  #card(entry) {
    const { card, act } = entry;
    put(this.why, `Why here: ${card.why}`);
    put(this.id, card.id);
    this.was.hidden = !act;
    if (act) {
      const said = act.outcome === "label" ? words(act.label) : ANSWERS[act.outcome];
      put(this.was, `Already answered: ${said}${act.refused ? " (not stored)" : ""}. Another answer replaces it.`);
    }
    this.note.value = entry.note;
    this.#noting(false);
    this.labels.show(card, this.data.labels, act);
    if (this.data.multiple) this.#picks();
    else this.#accepts(proposalOf(card), "Accept");
    this.#body(entry);
  }

  /** After a label was turned on or off. */
  picked(entry, label) {
    this.#picks();
    const { picks } = this.desk;
    this.announce(`${plain(label)} ${picks.on.has(label) ? "on" : "off"}: ${plain(words(picks.labels))}`);
  }

  #picks() {
    const { picks } = this.desk;
    this.labels.press(picks.on);
    const what = picks.can ? words(picks.labels) : null;
    this.#accepts(what, picks.touched ? "Confirm" : "Accept", "No label is on yet");
  }

  #accepts(what, verb, nothing = "Nothing to accept") {
    put(this.accept.firstChild, what === null ? nothing : `${verb} ${what}`);
    this.accept.setAttribute("aria-disabled", String(what === null));
  }

  #body(entry) {
    const { card, wide } = entry;
    put(this.text, wide ? entry.whole ?? card.text : cut(card.text, TEXT));
    this.more.hidden = card.chars <= TEXT;
    put(this.more.firstChild, wide ? "Show less" : `Show all ${card.chars.toLocaleString("en")} characters`);
    this.proof.replaceChildren(...evidence(card, wide));
  }

  /** Says why there is no card; returns the state's name. */
  #idle() {
    const { news, outbox } = this.desk;
    const [state, ...words] = this.#idleWords(news, outbox.trouble);
    const said = words.filter(Boolean);
    if (said.join("\n") !== this.idled) this.empty.replaceChildren(...said.map((line) => el("p", { data: line })));
    this.idled = said.join("\n");
    return state;
  }

  #idleWords(news, trouble) {
    if (trouble) return ["loading", `Waiting: ${trouble}.`];
    if (!news) return ["loading", "Loading…"];
    if (news.left > 0) {
      return ["empty", `The ${news.left} records left are on other people's desks.`, "They come here if nobody answers them."];
    }
    const { state, message } = news.learner;
    if (state === "off") return ["done", "Nothing waits for you: every record of this round is answered.", message];
    return ["empty", "Nothing waits for you.", message || "The next batch is being prepared."];
  }

  #status(words, title = "") {
    if (this.saved.textContent !== words) this.saved.textContent = words;
    this.saved.title = plain(title);
  }

  #noting(writing) {
    this.noting.classList.toggle("tb-open", writing || this.note.value !== "");
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

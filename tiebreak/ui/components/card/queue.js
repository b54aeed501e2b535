// Which card is on screen, which come, which were answered. No DOM and no network.
// An entry is {card, act, note, wide, seen}; `act` is the standing answer or null.

export class Queue {
  constructor() {
    this.ahead = []; // not decided, next first
    this.live = null; // the card to decide now
    this.history = []; // answered in this session, in the order of the answers
    this.at = 0; // place looked at: history.length is the live card
    this.epoch = "";
    this.release = new Set(); // records to hand back at the next sync
  }

  /** The entry on screen, or null. */
  get screen() {
    return this.at < this.history.length ? this.history[this.at] : this.live;
  }

  get lookingBack() {
    return this.at < this.history.length;
  }

  /** Moves through the history; true if another card is on screen now. */
  look(step) {
    const to = this.at + step;
    if (to < 0 || to > this.history.length) return false;
    this.at = to;
    return true;
  }

  /** Notes the answer to the card on screen and goes on to the live card. */
  decide(act) {
    const entry = this.screen;
    // A skipped record may have been handed out again: whatever stands for it goes.
    this.#forget(entry.card.record);
    entry.act = act;
    this.history.push(entry);
    this.#home();
  }

  /** Takes back the answer on screen, or else the last one: its card comes back, the live one waits. */
  undo() {
    const entry = this.lookingBack ? this.screen : this.history.at(-1);
    if (!entry) return null;
    const act = entry.act;
    this.#forget(entry.card.record);
    if (this.live) this.ahead.unshift(this.live);
    entry.act = null;
    this.live = entry;
    this.#home();
    return { entry, act };
  }

  /** Fills an empty place; a reader who looks back is left there. True if the screen changes. */
  fill() {
    if (this.live || !this.ahead.length) return false;
    const back = this.lookingBack;
    this.live = this.ahead.shift();
    return !back;
  }

  /** Adds new cards, but none that is here already or whose answer is on its way; returns how many. */
  add(cards, answered) {
    const here = new Set([...this.held(), ...answered]);
    const before = this.ahead.length;
    for (const card of cards) {
      if (here.has(card.record)) continue;
      here.add(card.record);
      this.release.delete(card.record);
      this.ahead.push({ card, act: null, note: "", wide: false, seen: false });
    }
    return this.ahead.length - before;
  }

  /** Records that somebody else has now. The card on screen stays: it is under the reader's fingers. */
  lose(records) {
    const lost = new Set(records);
    this.ahead = this.ahead.filter((entry) => !lost.has(entry.card.record));
  }

  /** A new model or schema: cards that nobody saw yet are let go, to come again with its evidence. */
  turn(epoch) {
    if (this.epoch && epoch !== this.epoch) {
      for (const entry of this.ahead) if (!entry.seen) this.release.add(entry.card.record);
      this.ahead = this.ahead.filter((entry) => entry.seen);
    }
    this.epoch = epoch;
  }

  /** Every record whose lease this tab needs. */
  held() {
    const entries = [this.live, ...this.ahead, this.lookingBack ? this.screen : null];
    return [...new Set(entries.filter(Boolean).map((entry) => entry.card.record))];
  }

  #home() {
    this.fill();
    this.at = this.history.length;
  }

  #forget(record) {
    const other = (entry) => entry.card.record !== record;
    this.history = this.history.filter(other);
    this.ahead = this.ahead.filter(other);
    if (this.live && !other(this.live)) this.live = null;
  }
}

// One person's session at one project: what is decided, when, and what the server is asked for.
// It outlives the page it is shown on; only the parts that speak to the reader stop with it.

import { Picks, proposalOf, same } from "./answers.js";
import { Keymap } from "./keys.js";
import { Outbox } from "./outbox.js";
import { Queue } from "./queue.js";
import { View } from "./view.js";

const INERT = 250; // ms in which a new card takes no accept,
const DOUBLE = 500; // and no further click of a double click: systems count clicks this long
const BEAT = 30_000; // leases are renewed this often,
const IDLE = 600_000; // but not for a reader who left: others should get the records
const POLL = 2_000;
const FEW = 5; // answers that tell no pace yet

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

export class Desk {
  constructor(place, data) {
    this.queue = new Queue();
    this.news = null; // the newest reply
    this.notStored = []; // what the server refused, in words
    this.keymap = new Keymap(data.who);
    this.shown = 0; // counts what came on screen
    this.painted = 0; // the newest of these that the reader can have seen
    this.paintedAt = 0;
    this.seconds = 0; // on screen so far, without the time since `since`
    this.since = null;
    this.mounted = false;
    this.lastBeat = performance.now();
    this.lastSign = performance.now();
    this.dryUntil = 0;
    this.outbox = new Outbox(`tiebreak/${place}`, {
      ask: (all) => this.#ask(all),
      reply: (reply, rest) => this.#reply(reply, rest),
      changed: () => this.view?.bar(),
      renew: () => this.mounted && this.renew(),
      refused: (fact) => this.#refuse(fact),
    });
    this.view = new View(this, data);
    document.addEventListener("visibilitychange", () => this.#visible());
  }

  /** Takes the page's data; a rerun brings the same with a fresh token. */
  mount(data, renew) {
    this.data = data;
    this.renew = renew;
    if (this.token !== data.token) this.token = this.outbox.token = data.token;
    this.outbox.api = data.api;
    if (!this.mounted) {
      this.mounted = true;
      this.lastBeat = -BEAT;
      this.ticking = setInterval(() => this.outbox.kick(), 500);
      this.show();
    }
    if (!this.opened) this.opened = this.outbox.open();
    this.outbox.now();
  }

  unmount() {
    this.mounted = false;
    clearInterval(this.ticking);
    this.#pause();
  }

  /** Puts what the queue says on screen. */
  show() {
    const turn = (this.shown += 1);
    this.#pause();
    this.seconds = 0;
    const entry = this.queue.screen;
    if (entry) entry.seen = true;
    this.view.show(entry);
    // Painted: the frame is drawn, then a task of its own runs. Only from then on can a press mean this card.
    requestAnimationFrame(() => setTimeout(() => turn === this.shown && this.#paint(entry)));
  }

  /** True if the reader can have meant the card on screen. */
  get ready() {
    return Boolean(this.queue.screen) && this.painted === this.shown;
  }

  /** True while a click can be the second one of a click on the card before. */
  get doubled() {
    return performance.now() - this.paintedAt < DOUBLE;
  }

  accept() {
    if (this.data.multiple) return this.#confirm();
    const { card } = this.queue.screen;
    const label = proposalOf(card);
    if (card.blind) this.view.say("A blind card: choose a label yourself.");
    else if (label === null) this.view.say("No label is proposed here: choose one yourself.");
    else if (performance.now() - this.paintedAt >= INERT) this.decide("label", label);
  }

  choose(label) {
    if (label === undefined) return;
    if (this.data.multiple) this.#toggle(label);
    else this.decide("label", label);
  }

  /** The labels that are on for the card on screen, where any number may apply. */
  get picks() {
    const entry = this.queue.screen;
    return (entry.picks ??= this.#picksOf(entry));
  }

  #picksOf(entry) {
    return new Picks(entry, this.data.labels.map(({ name }) => name));
  }

  /** Turns a label on or off; the answer waits for `accept`. */
  #toggle(label) {
    if (!this.ready) return;
    this.picks.toggle(label);
    this.view.picked(this.queue.screen, label);
  }

  /** Stores the set that is on: the agent's as it stands, or what the reader made of it. */
  #confirm() {
    const { picks } = this;
    if (!picks.can) this.view.say("Choose the labels first; that none applies has a key of its own.");
    else if (performance.now() - this.paintedAt >= INERT) this.decide("label", picks.labels);
  }

  /** The answer to the card on screen; on a card looked back at, it replaces the one that stands. */
  decide(outcome, label = null) {
    if (!this.ready) return;
    if (outcome === "none" && this.data.multiple) [outcome, label] = ["label", []];
    const entry = this.queue.screen;
    entry.picks = null;
    const seconds = this.#elapsed();
    if (entry.act) this.#takeBack(entry, entry.act);
    const { seq } = this.#push(entry, outcome, label, seconds);
    this.queue.decide({ seq, outcome, label, seconds });
    this.#moved();
  }

  undo() {
    if (this.queue.screen && !this.ready) return;
    const undone = this.queue.undo();
    if (!undone) return this.view.say("Nothing to undo in this session.");
    const { entry, act } = undone;
    if (this.data.multiple) entry.picks = this.#picksOf({ card: entry.card, act });
    this.#takeBack(entry, act);
    this.#moved();
  }

  look(step) {
    const left = this.queue.screen;
    if (this.queue.look(step)) {
      if (left?.act) left.picks = null; // what was not confirmed there is forgotten
      this.#moved();
    }
    else this.view.say(step < 0 ? "This is the first card of the session." : "This is the card to decide now.");
  }

  /** A sign of life; one after a long pause renews the leases at once. */
  sign() {
    const pause = performance.now() - this.lastSign;
    this.lastSign += pause;
    if (pause > IDLE) this.outbox.now();
  }

  /** Median seconds of the last 20 answers, and the share of proposals accepted; null while unknown. */
  pace() {
    const acts = this.queue.history.slice(-20).map(({ act }) => act.seconds);
    const asked = this.queue.history.filter(({ act, card }) => proposalOf(card) && ["label", "none"].includes(act.outcome));
    const accepted = asked.filter(({ act, card }) => same(act.label, proposalOf(card)));
    return { seconds: acts.length ? median(acts) : null, accepted: asked.length ? accepted.length / asked.length : null };
  }

  #moved() {
    this.show();
    setTimeout(() => this.outbox.kick()); // after the next card is drawn into the page
  }

  #push({ card, note }, outcome, label, seconds) {
    return this.outbox.push({
      record: card.record, outcome, [Array.isArray(label) ? "labels" : "label"]: label, seconds: Math.round(seconds * 1000) / 1000,
      shown: card.blind ? "blind" : "evidence",
      suggestion: card.suggestion?.seq ?? null, model: card.model?.version ?? null,
      note: outcome === "undo" ? "" : note,
    });
  }

  #takeBack(entry, act) {
    if (!act.refused) this.#push(entry, "undo", null, 0); // what was never stored cannot be undone
  }

  /** What the next sync asks for besides storing the answers. */
  #ask(all) {
    const { queue } = this;
    const now = performance.now();
    const here = this.mounted && !document.hidden && now - this.lastSign < IDLE;
    const fast = queue.history.length >= FEW && this.pace().seconds < 1;
    const [low, goal] = fast ? [20, 40] : [10, 20];
    // With answers left behind, the server would hand their records out again: then no cards.
    const wants = all && here && now >= this.dryUntil && queue.ahead.length < low;
    const want = wants ? goal - queue.ahead.length : 0;
    const held = want || (here && now - this.lastBeat >= BEAT) ? queue.held() : [];
    return { held, release: [...queue.release], want, epoch: queue.epoch };
  }

  #reply(reply, rest) {
    const { queue } = this;
    const now = performance.now();
    if (rest.held.length) this.lastBeat = now;
    rest.release.forEach((record) => queue.release.delete(record));
    for (const refused of reply.refused) {
      const entry = queue.history.find(({ act }) => act.seq === refused.seq);
      if (entry) entry.act.refused = true;
      this.#refuse(`Not stored: ${refused.fact} ${refused.mend}`);
    }
    queue.turn(reply.epoch);
    queue.lose(reply.lost);
    const added = queue.add(reply.cards, this.outbox.events.map((event) => event.record));
    if (rest.want && !added) this.dryUntil = now + POLL;
    this.news = reply;
    if (queue.fill() || !queue.screen) this.show(); // ran dry, and filled again or still dry
  }

  #refuse(fact) {
    if (this.notStored.includes(fact)) return;
    this.notStored = [...this.notStored.slice(-4), fact];
    this.view?.refusals();
  }

  #paint(entry) {
    this.painted = this.shown;
    this.paintedAt = performance.now();
    this.since = document.hidden ? null : this.paintedAt;
    this.view.painted(entry);
  }

  #elapsed() {
    return this.seconds + (this.since === null ? 0 : (performance.now() - this.since) / 1000);
  }

  #pause() {
    this.seconds = this.#elapsed();
    this.since = null;
  }

  #visible() {
    if (document.hidden) return this.#pause();
    if (this.ready) this.since = performance.now();
    this.outbox.now();
  }
}

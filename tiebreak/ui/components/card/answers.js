// Answers: one label, or where any number may apply a list of them in the schema's order.

/** What the agent proposes for a card: a label, a list of labels, or null. */
export const proposalOf = ({ suggestion }) => suggestion?.labels ?? suggestion?.label ?? null;

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** An answer in words. */
export const words = (answer) => (Array.isArray(answer) ? answer.join(" + ") || "no label" : answer);

/** Which labels are on for a card. They start as the answer that stands, else as the agent's
 * proposal, else (a blind card always) with none on. */
export class Picks {
  constructor({ card, act }, names) {
    const start = act?.outcome === "label" ? act.label : proposalOf(card);
    this.names = names;
    this.on = new Set(start ?? []);
    this.can = start !== null; // an empty set is an answer, but not one by doing nothing
    this.touched = false;
  }

  toggle(label) {
    if (!this.on.delete(label)) this.on.add(label);
    this.can = this.touched = true;
  }

  get labels() {
    return this.names.filter((name) => this.on.has(name));
  }
}

// What the machines say of a record: the agent, the model and the nearest labelled records.
// On a blind card none of it is in the payload, so there is nothing here to hide.

import { proposalOf, same, words } from "./answers.js";
import { cut, el, percent } from "./text.js";

const RATIONALE = 280; // characters of the rationale, and
const NEAR = 3; // neighbours, before everything is asked for

const box = (kind, name, title, ...content) =>
  el("section", { class: `tb-box ${kind}`, "aria-label": name }, el("h2", {}, title), ...content);

/** A probability: the number, and a bar for the eye. */
function bar(share) {
  const fill = el("i");
  fill.style.width = percent(share);
  return el("span", { class: "tb-share" }, el("span", { class: "tb-track", "aria-hidden": "true" }, fill), percent(share));
}

function verdict(said, models) {
  if (said === null || models === undefined) return null;
  const agrees = same(said, models);
  return el("p", { class: `tb-verdict ${agrees ? "tb-green" : "tb-orange"}` }, agrees ? "= model agrees" : "≠ model disagrees");
}

function agentBox({ suggestion, model }, wide) {
  if (!suggestion) return box("", "Agent", "Agent", el("p", {}, "has not read this record"));
  const { abstain, confidence, rationale, rationale_by: by, agent } = suggestion;
  const label = proposalOf({ suggestion });
  const said = label === null
    ? el("p", { data: `abstained: ${abstain ?? ""}` })
    : el("p", {}, el("b", { data: words(label) }), confidence == null ? null : bar(confidence));
  const reason = rationale && el("p", { class: "tb-rationale", data: wide ? rationale : cut(rationale, RATIONALE) });
  const source = [agent, by && by !== "model" ? `words by ${by}` : ""].filter(Boolean).join(" · ");
  return box("tb-violet", "Agent", "Agent", said, verdict(label, model?.labels ?? model?.top?.[0]?.[0]), reason || null,
    el("p", { class: "tb-small", data: source }));
}

function modelBox({ model }) {
  if (!model) return null;
  const rows = model.top.map(([label, share]) => el("li", {}, el("span", { data: label }), bar(share)));
  return box("tb-blue", "Model", "Model", el("ul", { role: "list" }, ...rows));
}

function nearBox({ near }, wide) {
  if (!near?.length) return null;
  const rows = near.slice(0, wide ? near.length : NEAR).map(({ text, label, labels, similarity }) =>
    el("li", {}, el("span", { class: "tb-quote", data: text }), el("b", { data: words(labels ?? label) }),
      el("span", { class: "tb-small" }, similarity.toFixed(2))));
  return box("tb-near", "Nearest labelled records", "Nearest labelled", el("ul", { role: "list" }, ...rows));
}

/** The boxes of a card; `wide` shows all that was sent. */
export function evidence(card, wide) {
  if (card.blind) {
    const words = "Blind card: what the agent and the model say is held back until you answered.";
    return [el("p", { class: "tb-blind" }, words)];
  }
  return [agentBox(card, wide), modelBox(card), nearBox(card, wide)].filter(Boolean);
}

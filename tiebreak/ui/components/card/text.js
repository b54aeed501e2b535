// The one way that text gets into the page: as text nodes, never as markup.
// Characters that reorder what follows them can make one label read as another,
// so they are shown by name instead of being obeyed.

const BIDI = {
  "\u061C": "ALM", "\u200E": "LRM", "\u200F": "RLM",
  "\u202A": "LRE", "\u202B": "RLE", "\u202C": "PDF", "\u202D": "LRO", "\u202E": "RLO",
  "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
};
const REORDERS = /([\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069])/;

/** Text for attributes and announcements, where no element can stand. */
export function plain(text) {
  return String(text ?? "").split(REORDERS).map((part) => (BIDI[part] ? `⟨${BIDI[part]}⟩` : part)).join("");
}

/** Replaces what a node holds by the text, with a token for each reordering character. */
export function put(node, text) {
  const parts = String(text ?? "").split(REORDERS);
  if (parts.length === 1) node.textContent = parts[0];
  else node.replaceChildren(...parts.map((part) => (BIDI[part] ? el("span", { class: "tb-bidi" }, plain(part)) : part)));
  return node;
}

/** An element; props that start with "on" are listeners, `data` is foreign text. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") put(node, value).setAttribute("dir", "auto");
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** The first `limit` characters and "…", never half of a surrogate pair. */
export function cut(text, limit) {
  if (text.length <= limit) return text;
  const half = /[\uD800-\uDBFF]/.test(text[limit - 1]) ? 1 : 0;
  return `${text.slice(0, limit - half)}…`;
}

/** 0.413 -> "41%". */
export const percent = (share) => `${Math.round(share * 100)}%`;

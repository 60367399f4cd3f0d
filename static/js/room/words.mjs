// What the script says stands in the page's template, so that it is translated with all other words.
export function readWords(template) {
  const known = new Map();
  for (const one of template.content.querySelectorAll("[data-word]")) known.set(one.dataset.word, one.textContent);
  return (key, values = {}) => fill(known.get(key) ?? "", values);
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// What can go wrong, by a code that the page has a sentence for (`data-texts`), so that sentences can be translated.
export class Trouble extends Error {
  constructor(code, detail = {}) {
    super(code);
    this.name = "Trouble";
    this.code = code;
    this.detail = detail;
  }
}

// By name: scripts that are loaded apart have each a class of their own.
export const isTrouble = (error) => error?.name === "Trouble";

export const asTrouble = (error, code) => (isTrouble(error) ? error : new Trouble(code, { why: String(error.message ?? error) }));

// The page's sentence for a trouble, with its {details} filled in.
export function sentence(texts, trouble) {
  const text = texts[trouble.code] ?? texts.unknown ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => String(trouble.detail?.[name] ?? ""));
}

// What can go wrong, by a code that the page has a sentence for (`data-texts`), so that sentences can be translated.
export class Trouble extends Error {
  constructor(code, detail = {}) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

export const asTrouble = (error, code) => (error instanceof Trouble ? error : new Trouble(code, { why: String(error.message ?? error) }));

// The page's sentence for a trouble, with its {details} filled in.
export function sentence(texts, trouble) {
  const text = texts[trouble.code] ?? texts.unknown ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => String(trouble.detail?.[name] ?? ""));
}

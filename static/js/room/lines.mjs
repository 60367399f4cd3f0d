// Lines of the researcher to who waits. Each is said to be shown, so that the researcher's page can tell that it is; one
// that comes again, over a new connection, is there already. After a crash of the call service it comes under another
// number, but under the same name.
export class Lines {
  constructor({ list, tell }) {
    this.list = list;
    this.tell = tell;
    this.known = new Set();
  }

  // Gives true if it was new.
  show({ line, text, name }) {
    const key = name ?? line;
    const fresh = !this.known.has(key);
    if (fresh) {
      this.known.add(key);
      const item = this.list.ownerDocument.createElement("li");
      item.textContent = text;
      this.list.append(item);
    }
    this.tell({ type: "shown", line });
    return fresh;
  }
}

// Browsers have CustomEvent, and Node since version 19; Debian 12 has 18.
globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(type, { detail = null, ...init } = {}) {
    super(type, init);
    this.detail = detail;
  }
};

// Calls into the worker that does the heavy and secret work away from the page.
import { Trouble } from "./trouble.mjs";

export class WorkerClient {
  constructor(address) {
    this.worker = new Worker(address, { type: "module" });
    this.waiting = new Map();
    this.next = 1;
    this.onProgress = new Map();
    this.worker.onmessage = ({ data }) => this.#heard(data);
    this.worker.onerror = () => this.#lost();
  }

  // The act's result; rejects with a Trouble. `progress` hears of what the act tells on its way.
  call(act, args = {}, progress = undefined) {
    const id = this.next;
    this.next += 1;
    if (progress) this.onProgress.set(id, progress);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, act, args });
    });
  }

  end() {
    this.worker.terminate();
  }

  #heard({ id, result, trouble, progress }) {
    if (progress !== undefined) {
      this.onProgress.get(id)?.(progress);
      return;
    }
    const one = this.waiting.get(id);
    this.waiting.delete(id);
    this.onProgress.delete(id);
    if (trouble) one?.reject(new Trouble(trouble.code, trouble.detail));
    else one?.resolve(result);
  }

  #lost() {
    for (const one of this.waiting.values()) one.reject(new Trouble("worker-lost"));
    this.waiting.clear();
  }
}
